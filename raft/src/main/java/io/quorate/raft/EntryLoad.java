/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;

/**
 * A follower needs entries that are no longer in memory: the driver reads them and answers with
 * {@code RaftCore.loaded}. At most one per follower is outstanding.
 *
 * @param follower  who lags
 * @param fromIndex first entry wanted
 * @param maxBytes  soft limit of what to read; at least one entry
 */
public record EntryLoad(NodeId follower, long fromIndex, int maxBytes) {}
