/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Everything a node needs from outside that is not deterministic: time, the event loop, the network.
 */
package io.quorate.node.seam;
