/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads that wait until a leader knows that it still led when they arrived: a majority has answered a heartbeat that left
 * later (thesis §6.4). One round of heartbeats serves all reads that have gathered, whoever asked.
 *
 * <pre>
 *   collecting --a round leaves--> in the round --round confirmed, and an entry of the own term committed--> granted
 * </pre>
 *
 * <p>A read's index is the commit index when its round left, and at least the leader's own first entry: only with that
 * committed does it know all that its predecessors had committed (paper §8). Belongs to one leadership.
 */
final class ReadRounds {
    /** Reads of followers that wait at once; each may stand for many of its clients. Further ones are refused. */
    static final int MAX_REMOTE = 256;

    /** @param follower who asked; empty for this member's own driver */
    record Read(Optional<NodeId> follower, long id) {}

    record Granted(Read read, long index) {}

    private record Batch(long round, long index, List<Read> reads) {}

    private final long startIndex;
    private final ArrayDeque<Batch> inRounds = new ArrayDeque<>();
    private List<Read> collecting = new ArrayList<>();
    private int remote;

    /** @param startIndex of the leader's first own entry */
    ReadRounds(long startIndex) {
        this.startIndex = startIndex;
    }

    void addLocal(long requestId) {
        collecting.add(new Read(Optional.empty(), requestId));
    }

    /** False if too many wait already. */
    boolean addRemote(NodeId follower, long readId) {
        if (remote == MAX_REMOTE) {
            return false;
        }
        remote++;
        collecting.add(new Read(Optional.of(follower), readId));
        return true;
    }

    boolean isEmpty() {
        return collecting.isEmpty() && inRounds.isEmpty();
    }

    /** Whether reads wait for a round to begin. While one is under way they gather for the next one. */
    boolean wantRound() {
        return !collecting.isEmpty() && inRounds.isEmpty();
    }

    /** A round of heartbeats leaves: it will do for all reads that are here now. */
    void roundStarts(long round, long commitIndex) {
        if (!collecting.isEmpty()) {
            inRounds.addLast(new Batch(round, Math.max(commitIndex, startIndex), collecting));
            collecting = new ArrayList<>();
        }
    }

    /** Takes out the reads that are safe now, with the index from which on they are. */
    List<Granted> granted(long confirmedRound, long commitIndex) {
        if (inRounds.isEmpty() || commitIndex < startIndex) {
            return List.of();
        }
        List<Granted> granted = new ArrayList<>();
        while (!inRounds.isEmpty() && inRounds.peekFirst().round() <= confirmedRound) {
            Batch batch = inRounds.removeFirst();
            for (Read read : batch.reads()) {
                granted.add(new Granted(read, batch.index()));
                if (read.follower().isPresent()) {
                    remote--;
                }
            }
        }
        return granted;
    }

    /** Request ids of the driver's reads that wait. */
    List<Long> local() {
        List<Long> ids = new ArrayList<>();
        inRounds.forEach(batch -> addLocal(batch.reads(), ids));
        addLocal(collecting, ids);
        return ids;
    }

    private static void addLocal(List<Read> reads, List<Long> ids) {
        for (Read read : reads) {
            if (read.follower().isEmpty()) {
                ids.add(read.id());
            }
        }
    }
}
