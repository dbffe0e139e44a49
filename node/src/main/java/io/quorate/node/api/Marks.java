/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/**
 * Where a partition's log starts and ends, as one replica knows it.
 *
 * @param lowWatermark  first offset that is kept
 * @param highWatermark first offset that is not yet committed and applied
 * @param generation    of the replica
 * @param leaderId      0 if unknown
 */
public record Marks(long lowWatermark, long highWatermark, long generation, int leaderId) {}
