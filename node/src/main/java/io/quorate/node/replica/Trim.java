/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/**
 * Where a partition's log begins from now on, as its leader has decided.
 *
 * @param lowWatermark  first offset that is kept
 * @param keepFromIndex first index that is kept: nothing before it is at or above the low-water mark. A replica that lacks
 *                      something before it goes on from a snapshot
 */
record Trim(long lowWatermark, long keepFromIndex) {}
