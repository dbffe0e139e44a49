/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a member wants the world to do, collected between two drains. */
final class Outbox {
    private final List<Envelope> sendNow = new ArrayList<>();
    private final List<Envelope> sendAfterPersist = new ArrayList<>();
    private final List<EntryLoad> loads = new ArrayList<>();
    private final List<SnapshotLoad> snapshotLoads = new ArrayList<>();
    private Optional<GroupSnapshot> restore = Optional.empty();
    private final List<ReadOutcome> reads = new ArrayList<>();
    private final List<RaftEvent> events = new ArrayList<>();

    /** A message that vouches for nothing that is not durable already. */
    void sendNow(NodeId to, Message message) {
        sendNow.add(new Envelope(to, message));
    }

    /** A message that leaves when all that is pending and in flight at the next drain is durable. */
    void sendAfterPersist(NodeId to, Message message) {
        sendAfterPersist.add(new Envelope(to, message));
    }

    void load(EntryLoad load) {
        loads.add(load);
    }

    void loadSnapshot(SnapshotLoad load) {
        snapshotLoads.add(load);
    }

    void restore(GroupSnapshot snapshot) {
        restore = Optional.of(snapshot);
    }

    void read(ReadOutcome read) {
        reads.add(read);
    }

    void event(RaftEvent event) {
        events.add(event);
    }

    boolean isEmpty() {
        return sendNow.isEmpty()
                && sendAfterPersist.isEmpty()
                && loads.isEmpty()
                && snapshotLoads.isEmpty()
                && restore.isEmpty()
                && reads.isEmpty()
                && events.isEmpty();
    }

    /** Hands everything out and starts empty again. */
    Outputs take(Persist persist, long commitIndex) {
        Outputs outputs = new Outputs(
                persist, sendNow, sendAfterPersist, loads, snapshotLoads, restore, commitIndex, reads, events);
        sendNow.clear();
        sendAfterPersist.clear();
        loads.clear();
        snapshotLoads.clear();
        restore = Optional.empty();
        reads.clear();
        events.clear();
        return outputs;
    }
}
