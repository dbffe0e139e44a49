/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.GroupSnapshot;
import java.util.List;
import java.util.Optional;

/**
 * Everything the world must do after a turn. The order of safety, carried by the types:
 *
 * <pre>
 *   sendNow                 at once: vouches for nothing that is not yet durable
 *   persist                 one write and one force, in order of sequence
 *   sendAfterPersist        only when everything up to persist.sequence() is durable
 *   loads, snapshotLoads    any time
 *   restore                 before anything else is applied; then RaftCore.applied with the snapshot's last index
 *   commitIndex             applied by the driver up to here, any time later
 *   reads                   served by the driver once it has applied their index
 * </pre>
 *
 * @param persist          may be empty; its sequence then still says what sendAfterPersist waits for
 * @param sendNow          pre-votes, refusals, and what a leader of an already durable term sends
 * @param sendAfterPersist votes, vote requests and acknowledgements
 * @param loads            entries to read from disk for lagging followers
 * @param snapshotLoads    snapshots to read for followers that need what is in no log any more
 * @param restore          a snapshot that has become durable here: the state machine must become it
 * @param commitIndex      highest index that is committed and locally durable; never falls
 * @param reads            what became of requests for a read index
 * @param events           what happened, for logs and metrics; nothing depends on them
 */
public record Outputs(
        Persist persist,
        List<Envelope> sendNow,
        List<Envelope> sendAfterPersist,
        List<EntryLoad> loads,
        List<SnapshotLoad> snapshotLoads,
        Optional<GroupSnapshot> restore,
        long commitIndex,
        List<ReadOutcome> reads,
        List<RaftEvent> events) {
    public Outputs {
        sendNow = List.copyOf(sendNow);
        sendAfterPersist = List.copyOf(sendAfterPersist);
        loads = List.copyOf(loads);
        snapshotLoads = List.copyOf(snapshotLoads);
        reads = List.copyOf(reads);
        events = List.copyOf(events);
    }
}
