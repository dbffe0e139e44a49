/* SPDX-License-Identifier: Apache-2.0 */
/** What a node counts and measures, for Prometheus (docs/metrics.md). */
package io.quorate.node.metrics;
