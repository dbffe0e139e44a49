/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;

/**
 * A follower needs a snapshot: the driver reads its newest one and answers with {@code RaftCore.snapshotLoaded}. At most
 * one per follower is outstanding.
 *
 * @param follower who lags
 * @param atLeast  the newest one that this member is known to have; an older one will not do
 */
public record SnapshotLoad(NodeId follower, EntryId atLeast) {}
