/* SPDX-License-Identifier: Apache-2.0 */
/** The flight recorder: what happened on a node and why, kept on its disk in a bounded ring (docs/formats.md). */
package io.quorate.node.events;
