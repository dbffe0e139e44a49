/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.SnapshotReceived;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Brings a leader's log to the others (paper §5.3): what each of them has, what it is sent next and how much of it at once.
 * Belongs to one leadership.
 *
 * <p>Appends leave once per turn, in {@link #sendAll}: whatever a turn's inputs proposed and acknowledged becomes as few
 * messages as possible.
 */
final class Replication {
    private final MemberCore core;
    private final RaftLog log;
    private final List<FollowerProgress> followers = new ArrayList<>();
    private long heartbeatRound;
    private boolean due;
    private long sliceFrom;
    private List<LogEntry> slice = List.of();

    /** @param startIndex of the first entry that the followers surely lack */
    Replication(MemberCore core, long startIndex) {
        this.core = core;
        this.log = core.log();
        core.peers().forEach(peer -> followers.add(new FollowerProgress(peer, core.config(), startIndex)));
    }

    /** By id; changes with the membership. */
    List<FollowerProgress> followers() {
        return Collections.unmodifiableList(followers);
    }

    Optional<FollowerProgress> find(NodeId follower) {
        return followers.stream()
                .filter(progress -> progress.follower().equals(follower))
                .findFirst();
    }

    /** Members came or went: who stays keeps its progress. */
    void membershipChanged() {
        List<FollowerProgress> now = new ArrayList<>();
        for (NodeId peer : core.peers()) {
            now.add(find(peer).orElseGet(() -> new FollowerProgress(peer, core.config(), log.lastIndex())));
        }
        followers.clear();
        followers.addAll(now);
        due = true;
    }

    /** @throws InvariantViolation if there is no such follower: messages of strangers do not get here */
    FollowerProgress progressOf(NodeId follower) {
        return find(follower).orElseThrow(() -> new InvariantViolation("violated: " + follower + " is another member"));
    }

    /** The log has grown. */
    void entryAppended() {
        due = true;
    }

    void onTick() {
        for (FollowerProgress follower : followers) {
            follower.onTick();
            if (follower.snapshot().isEmpty()
                    && follower.isStalledFor(core.config().electionTimeoutTicks())) {
                follower.probe(log.firstIndex());
                due = true;
            }
        }
    }

    /**
     * Sends a round of heartbeats.
     *
     * @param round   rises with each
     * @param quiesce whether the followers are to quiesce
     */
    void sendHeartbeats(long round, boolean quiesce) {
        heartbeatRound = round;
        for (FollowerProgress follower : followers) {
            // Not above the match: the follower must be able to believe it without a look at its log.
            long commitIndex = Math.min(log.commitIndex(), follower.matchIndex());
            core.sendNow(follower.follower(), new Heartbeat(core.term(), commitIndex, round, quiesce));
            follower.endLoadPause();
            noteWork(follower);
        }
    }

    void heartbeatAnswered(FollowerProgress follower, long round) {
        follower.heartbeatAnswered(round);
        if (!follower.isReplicating()) {
            noteWork(follower);
        }
    }

    /** Whether it is news that the follower has everything up to {@code matchIndex}. */
    boolean accepted(FollowerProgress follower, long matchIndex) {
        boolean rose = follower.accepted(matchIndex, log.firstIndex());
        noteWork(follower);
        return rose;
    }

    void rejected(FollowerProgress follower, AppendRejected response) {
        follower.heard();
        if (follower.snapshot().isPresent() || !follower.isNews(response.rejectedIndex())) {
            return;
        }
        if (response.rejectedIndex() < log.firstIndex()) {
            // There is nothing to go back to. Without a snapshot it is asked again with every heartbeat: the answer may
            // have been a late one.
            beginSnapshotIfThereIsOne(follower);
            return;
        }
        // The follower's hint skips its entries of too new a term; now skip the own ones (paper §5.3, last paragraph).
        long below = Math.min(response.hint().index(), response.rejectedIndex() - 1);
        EntryId candidate = log.lastWithTermAtMost(response.hint().term(), below);
        follower.rejected(candidate.index());
        noteWork(follower);
    }

    void disconnected(FollowerProgress follower) {
        follower.snapshot().ifPresentOrElse(SnapshotSender::lost, () -> follower.probe(log.firstIndex()));
        noteWork(follower);
    }

    private void beginSnapshotIfThereIsOne(FollowerProgress follower) {
        if (core.snapshots().newest().index() >= log.firstIndex() - 1 && log.firstIndex() > 1) {
            follower.beginSnapshot();
            core.event(new RaftEvent.FollowerNeedsSnapshot(
                    core.term(), follower.follower(), follower.matchIndex() + 1, log.firstIndex()));
            noteWork(follower);
        }
    }

    /** The answer to a load of a snapshot. One that is too old by now is asked for again later. */
    void snapshotLoaded(FollowerProgress follower, Optional<GroupSnapshot> found) {
        follower.snapshot().ifPresent(sender -> {
            sender.loaded(found.filter(snapshot -> snapshot.last().index() >= log.firstIndex() - 1));
            noteWork(follower);
        });
    }

    void snapshotReceived(FollowerProgress follower, SnapshotReceived response) {
        follower.heard();
        follower.snapshot().ifPresent(sender -> {
            sender.received(response.snapshot(), response.position());
            noteWork(follower);
        });
    }

    /** The answer to a load. Entries that are not wanted any more are not sent; empty ones are asked for again later. */
    void loaded(FollowerProgress follower, long fromIndex, List<LogEntry> entries) {
        if (!follower.loadFinished(fromIndex)) {
            return;
        }
        if (entries.isEmpty() || entries.get(0).index() != fromIndex || !areOfLog(entries)) {
            follower.deferLoad();
            return;
        }
        if (follower.isReplicating() && follower.nextIndex() == fromIndex) {
            sendAppend(follower, entries);
        }
        noteWork(follower);
    }

    /** Whether what was read is still in the log: a read that outlived an earlier leadership may have been overtaken. */
    private boolean areOfLog(List<LogEntry> entries) {
        long index = entries.get(0).index();
        for (LogEntry entry : entries) {
            if (entry.index() != index
                    || index < log.firstIndex()
                    || index > log.lastIndex()
                    || entry.term() != log.idAt(index).term()) {
                return false;
            }
            index++;
        }
        return true;
    }

    /** All followers have all of the log, and nothing more is to be said to them. */
    boolean isIdle() {
        for (FollowerProgress follower : followers) {
            if (!follower.isCaughtUp(log.lastIndex())) {
                return false;
            }
        }
        return !due;
    }

    /** Whether {@link #sendAll} has something to send. */
    boolean isDue() {
        return due;
    }

    /**
     * The next entry of the follower that is farthest behind of those that are served from memory. One that is served from
     * the disk, or is not there at all, needs no memory.
     */
    long firstIndexToKeep() {
        long first = Long.MAX_VALUE;
        for (FollowerProgress follower : followers) {
            if (follower.isReplicating() && log.isInTail(follower.nextIndex())) {
                first = Math.min(first, follower.nextIndex());
            }
        }
        return first;
    }

    /** The beginning of the log was cut: who was to get it from there gets a snapshot. */
    void prefixTrimmed() {
        for (FollowerProgress follower : followers) {
            if (follower.snapshot().isEmpty() && follower.nextIndex() < log.firstIndex()) {
                beginSnapshotIfThereIsOne(follower);
            }
        }
    }

    void sendAll() {
        if (!due) {
            return;
        }
        due = false;
        for (FollowerProgress follower : followers) {
            sendTo(follower);
        }
        slice = List.of();
    }

    private void sendTo(FollowerProgress follower) {
        while (canSendTo(follower)) {
            if (follower.snapshot().isPresent()) {
                sendSnapshot(follower, follower.snapshot().get());
            } else if (!follower.isReplicating()) {
                sendProbe(follower);
            } else if (follower.nextIndex() < log.tailStart()) {
                follower.loadStarted();
                core.load(new EntryLoad(
                        follower.follower(), follower.nextIndex(), core.config().maxAppendBytes()));
            } else {
                sendAppend(follower, slice(follower.nextIndex()));
            }
        }
    }

    private void sendSnapshot(FollowerProgress follower, SnapshotSender sender) {
        if (sender.canLoad()) {
            sender.loadStarted();
            core.loadSnapshot(
                    new SnapshotLoad(follower.follower(), core.snapshots().newest()));
        } else {
            // However small the limit, an append takes an entry along: so much may a piece, too.
            int pieceBytes = Math.max(core.config().maxAppendBytes(), LogEntry.OVERHEAD_BYTES);
            core.sendNow(follower.follower(), sender.next(core.term(), pieceBytes, heartbeatRound));
        }
    }

    private boolean canSendTo(FollowerProgress follower) {
        if (follower.snapshot().isPresent()) {
            return follower.snapshot().get().canLoad()
                    || follower.snapshot().get().canSend();
        }
        if (!follower.hasRoom()) {
            return false;
        }
        if (!follower.isReplicating()) {
            return true;
        }
        return follower.nextIndex() < log.tailStart() ? follower.canLoad() : follower.nextIndex() <= log.lastIndex();
    }

    private void noteWork(FollowerProgress follower) {
        due |= canSendTo(follower);
    }

    /** Asks for the match. Entries go along only if they are at hand: a probe never reads the disk. */
    private void sendProbe(FollowerProgress follower) {
        boolean withEntries = follower.probeCarriesEntries() && log.isInTail(follower.nextIndex());
        send(follower, withEntries ? slice(follower.nextIndex()) : List.of());
        follower.probeSent(heartbeatRound);
    }

    private void sendAppend(FollowerProgress follower, List<LogEntry> entries) {
        send(follower, entries);
        long bytes = 0;
        for (LogEntry entry : entries) {
            bytes += entry.sizeBytes();
        }
        follower.appendSent(entries.get(entries.size() - 1).index(), bytes);
    }

    private void send(FollowerProgress follower, List<LogEntry> entries) {
        EntryId previous = log.idAt(follower.nextIndex() - 1);
        core.sendNow(follower.follower(), new AppendRequest(core.term(), previous, entries, log.commitIndex()));
    }

    /** Followers that keep up want the same entries: the last slice of a turn is kept. */
    private List<LogEntry> slice(long from) {
        if (slice.isEmpty() || sliceFrom != from) {
            slice = log.slice(from, core.config().maxAppendBytes());
            sliceFrom = from;
        }
        return slice;
    }
}
