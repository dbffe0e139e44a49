/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Helps a peer whose copy of the log is damaged: hands it committed entries, in bounded pieces, and nothing that is not
 * known to be committed. Reads one piece at a time; a request that comes meanwhile is dropped, its sender asks again. Event
 * loop only.
 */
final class RepairSource {
    private static final Logger LOG = LoggerFactory.getLogger(RepairSource.class);

    /** Size of an answer, in {@code LogEntry.sizeBytes()}; a larger entry goes alone. */
    static final int PIECE_BYTES = 1 << 20;

    private final ReplicaHost host;
    private final Replica replica;
    private boolean reading;

    RepairSource(ReplicaHost host, Replica replica) {
        this.host = host;
        this.replica = replica;
    }

    /** The replica runs. */
    void answer(NodeId from, PeerMessage.RepairRequest request) {
        if (request.newTerm()) {
            makeRoomForNewTerm(from, request.term());
        }
        EntryId committed = replica.appliedId();
        long last = Math.min(request.toIndex(), committed.index());
        if (request.fromIndex() > last || request.fromIndex() < replica.firstReadableIndex()) {
            reply(from, request, committed, List.of());
            return;
        }
        if (reading || replica.isBeingReplaced()) {
            return;
        }
        reading = true;
        replica.access()
                .offload(
                        host.readExecutor(),
                        log -> log.read(request.fromIndex(), last, PIECE_BYTES),
                        entries -> {
                            reading = false;
                            reply(from, request, committed, entries);
                        },
                        fault -> {
                            reading = false;
                            replica.onReadFailed(fault);
                        });
    }

    private void reply(NodeId to, PeerMessage.RepairRequest request, EntryId committed, List<LogEntry> entries) {
        if (replica.isRunning()) {
            host.transport()
                    .send(
                            to,
                            new PeerMessage.RepairReply(
                                    request.groupId(),
                                    request.round(),
                                    committed,
                                    replica.store().firstIndex(),
                                    entries));
        }
    }

    /**
     * The peer cannot know how far its log went; all that it may have acknowledged is before the first entry of a term
     * that it has never been in. So a leader of an older one hands over.
     */
    private void makeRoomForNewTerm(NodeId from, long term) {
        RaftCore core = replica.core();
        if (core.role() != RaftCore.Role.LEADER
                || core.term() > term
                || core.transferTarget().isPresent()) {
            return;
        }
        core.followers().stream()
                .filter(follower -> !follower.follower().equals(from))
                .max(Comparator.comparingLong(FollowerStatus::matchIndex))
                .ifPresent(best -> {
                    LOG.info(
                            "{}: {} hands over to {}: node {} needs a new generation to repair its log",
                            replica.name(),
                            host.self(),
                            best.follower(),
                            from.value());
                    replica.handOver(best.follower());
                });
    }
}
