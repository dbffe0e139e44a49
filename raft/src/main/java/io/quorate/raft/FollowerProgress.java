/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * What the leader knows of one follower, and whether it may send it more.
 *
 * <pre>
 *   PROBE --accepted--> REPLICATE --rejected, stalled or disconnected--> PROBE
 *   PROBE, REPLICATE --what comes next is in no log--> SNAPSHOT --installed--> REPLICATE
 *
 *   PROBE      looks for the match: one append, then silence until the follower shows a sign of life. Only the first
 *              carries entries; they would be wasted on one who is away or slow.
 *   REPLICATE  sends ahead of the acknowledgements: up to so many messages and so many bytes.
 *   SNAPSHOT   sends a snapshot piece by piece, and no entries.
 * </pre>
 *
 * <p>Invariant: matchIndex &lt; nextIndex. matchIndex never falls; a rejection may lower nextIndex. Belongs to one
 * leadership and is dropped with it, so it never outlives its term. Paper §5.3, thesis §10.2.1.
 */
final class FollowerProgress {
    private static final long NONE = 0;

    private final NodeId follower;
    private final RaftConfig config;
    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private long inFlightBytes;
    private boolean replicating;
    private boolean probeOutstanding;
    private long probeRound;
    private long answeredRound;
    private boolean probeCarriesEntries = true;
    private long matchIndex;
    private long nextIndex;
    private int silentTicks;
    private int stalledTicks;
    private long loadingFrom = NONE;
    private boolean loadDeferred;
    private Optional<SnapshotSender> snapshot = Optional.empty();

    private record InFlight(long lastIndex, long bytes) {}

    FollowerProgress(NodeId follower, RaftConfig config, long nextIndex) {
        this.follower = follower;
        this.config = config;
        this.nextIndex = nextIndex;
    }

    NodeId follower() {
        return follower;
    }

    long matchIndex() {
        return matchIndex;
    }

    long nextIndex() {
        return nextIndex;
    }

    boolean isReplicating() {
        return replicating;
    }

    /** Set while the follower is sent a snapshot. */
    Optional<SnapshotSender> snapshot() {
        return snapshot;
    }

    /** What the follower needs next is in no log any more. */
    void beginSnapshot() {
        replicating = false;
        probeOutstanding = false;
        forgetInFlight();
        snapshot = Optional.of(new SnapshotSender());
    }

    /** Whether the window has room for one more append. */
    boolean hasRoom() {
        return replicating
                ? inFlight.size() < config.maxInflightAppends() && inFlightBytes < config.maxInflightBytes()
                : !probeOutstanding;
    }

    boolean probeCarriesEntries() {
        return probeCarriesEntries;
    }

    /**
     * @param heartbeatRound the last round that went out before the probe
     */
    void probeSent(long heartbeatRound) {
        probeOutstanding = true;
        probeRound = heartbeatRound;
        probeCarriesEntries = false;
    }

    /** Appends up to {@code lastIndex} are on the way. */
    void appendSent(long lastIndex, long bytes) {
        Invariants.check(lastIndex >= nextIndex, "an append carries entries", lastIndex, nextIndex);
        if (inFlight.isEmpty()) {
            stalledTicks = 0;
        }
        inFlight.addLast(new InFlight(lastIndex, bytes));
        inFlightBytes += bytes;
        nextIndex = lastIndex + 1;
    }

    /**
     * Looks for the match again: from what is known for certain, or where it was being looked for. That a question got
     * lost tells nothing about the follower's log; to begin from the start would send it all that it has.
     *
     * @param firstIndex of the leader's log: nothing before it can be sent
     */
    void probe(long firstIndex) {
        probeFrom(Math.max(replicating ? matchIndex + 1 : nextIndex, firstIndex));
        probeCarriesEntries = true;
    }

    private void probeFrom(long index) {
        replicating = false;
        probeOutstanding = false;
        nextIndex = index;
        forgetInFlight();
        checkInvariant();
    }

    /**
     * The follower's log equals the leader's up to {@code index}, durably.
     *
     * @param firstIndex of the leader's log: nothing before it can be sent
     * @return whether that is news
     */
    boolean accepted(long index, long firstIndex) {
        silentTicks = 0;
        boolean rose = index > matchIndex;
        if (rose) {
            matchIndex = index;
            stalledTicks = 0;
        }
        if (snapshot.isPresent() && matchIndex < firstIndex - 1) {
            if (snapshot.get().bringsNoMoreThan(matchIndex)) {
                // It has the snapshot, and the log begins later by now: the next one.
                snapshot = Optional.of(new SnapshotSender());
            }
            nextIndex = Math.max(nextIndex, matchIndex + 1);
            return rose;
        }
        snapshot = Optional.empty();
        if (!replicating) {
            replicating = true;
            forgetInFlight();
            nextIndex = Math.max(matchIndex + 1, firstIndex);
        }
        nextIndex = Math.max(nextIndex, matchIndex + 1);
        while (!inFlight.isEmpty() && inFlight.peekFirst().lastIndex() <= matchIndex) {
            inFlightBytes -= inFlight.removeFirst().bytes();
        }
        checkInvariant();
        return rose;
    }

    /** Whether a rejection of {@code rejectedIndex} tells anything new: late and doubled ones do not. */
    boolean isNews(long rejectedIndex) {
        return replicating
                ? rejectedIndex > matchIndex && rejectedIndex < nextIndex
                : rejectedIndex == nextIndex - 1 && rejectedIndex > matchIndex;
    }

    /** The match is at {@code candidate} or below. */
    void rejected(long candidate) {
        probeFrom(Math.max(candidate, matchIndex) + 1);
        probeCarriesEntries = true;
    }

    void heard() {
        silentTicks = 0;
    }

    /** Nothing was heard of it for so many ticks at least, of which some were not counted. */
    void silent(int ticks) {
        silentTicks = Math.max(silentTicks, ticks);
    }

    /** Whether it has everything up to {@code lastIndex} and nothing is on the way to it. */
    boolean isCaughtUp(long lastIndex) {
        return replicating && matchIndex == lastIndex && inFlight.isEmpty() && loadingFrom == NONE;
    }

    /** The follower answers a heartbeat. If that went out after the probe, the probe may be lost: worth another one. */
    void heartbeatAnswered(long round) {
        silentTicks = 0;
        answeredRound = Math.max(answeredRound, round);
        snapshot.ifPresent(sender -> sender.heartbeatAnswered(round));
        if (round > probeRound) {
            probeOutstanding = false;
        }
    }

    /** The latest round of heartbeats that was answered; 0 if none was. */
    long answeredRound() {
        return answeredRound;
    }

    /** Whether nothing moved for {@code ticks} although appends are on the way: they are probably lost. */
    boolean isStalledFor(int ticks) {
        return !inFlight.isEmpty() && stalledTicks >= ticks;
    }

    int silentTicks() {
        return silentTicks;
    }

    void onTick() {
        silentTicks++;
        stalledTicks++;
    }

    /** Whether entries from {@code nextIndex} may be asked for: one load at a time, and a pause after a failed one. */
    boolean canLoad() {
        return loadingFrom == NONE && !loadDeferred;
    }

    void loadStarted() {
        loadingFrom = nextIndex;
    }

    /** Whether entries from {@code fromIndex} were asked for; they are not outstanding any more. */
    boolean loadFinished(long fromIndex) {
        if (loadingFrom != fromIndex) {
            return false;
        }
        loadingFrom = NONE;
        return true;
    }

    void deferLoad() {
        loadDeferred = true;
    }

    void endLoadPause() {
        loadDeferred = false;
        snapshot.ifPresent(SnapshotSender::endLoadPause);
    }

    FollowerStatus status() {
        return new FollowerStatus(
                follower,
                replicating,
                snapshot.isPresent(),
                matchIndex,
                nextIndex,
                inFlight.size(),
                inFlightBytes,
                silentTicks);
    }

    private void forgetInFlight() {
        inFlight.clear();
        inFlightBytes = 0;
        stalledTicks = 0;
    }

    private void checkInvariant() {
        Invariants.check(matchIndex < nextIndex, "matchIndex < nextIndex", matchIndex, nextIndex);
    }
}
