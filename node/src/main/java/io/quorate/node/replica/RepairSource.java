/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.Snapshot;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
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

    /** The replica runs, and its log can be read. */
    void answer(NodeId from, PeerMessage.Repair message) {
        if (message instanceof PeerMessage.RepairRequest request) {
            answer(from, request);
        } else if (message instanceof PeerMessage.RepairSnapshotRequest request) {
            answer(from, request);
        }
    }

    private void answer(NodeId from, PeerMessage.RepairSnapshotRequest request) {
        if (reading) {
            return;
        }
        reading = true;
        long lowWatermark = replica.lowWatermark();
        replica.access()
                .offload(
                        host.readExecutor(),
                        log -> log.snapshotUpTo(lowWatermark),
                        found -> {
                            reading = false;
                            found.filter(snapshot -> replica.isRunning())
                                    .ifPresent(snapshot -> host.transport().send(from, piece(request, snapshot)));
                        },
                        fault -> {
                            reading = false;
                            replica.onReadFailed(fault);
                        });
    }

    private static PeerMessage piece(PeerMessage.RepairSnapshotRequest request, Snapshot snapshot) {
        Payload state = snapshot.state();
        boolean goesOn = request.snapshot().equals(snapshot.last()) && request.position() <= state.size();
        int position = goesOn ? (int) request.position() : 0;
        int bytes = Math.min(PIECE_BYTES, state.size() - position);
        return new PeerMessage.RepairSnapshotPiece(
                request.groupId(),
                request.round(),
                snapshot.last(),
                snapshot.nextOffset(),
                snapshot.membership(),
                state.size(),
                position,
                Payload.wrap(state.array(), state.arrayOffset() + position, bytes));
    }

    private void answer(NodeId from, PeerMessage.RepairRequest request) {
        if (request.newTerm()) {
            makeRoomForNewTerm(from, request.term());
        }
        EntryId committed = replica.appliedId();
        long last = Math.min(request.toIndex(), committed.index());
        if (request.fromIndex() > last || request.fromIndex() < replica.firstReadableIndex()) {
            reply(from, request, committed, List.of());
            return;
        }
        if (reading) {
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
                                    replica.firstReadableIndex(),
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
                .filter(follower -> !MemberId.node(follower.follower()).equals(from))
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
