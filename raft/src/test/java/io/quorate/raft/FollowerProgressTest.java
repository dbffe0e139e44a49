/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.Payload;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("What a leader knows of a follower")
class FollowerProgressTest {
    private static final int MAX_APPENDS = 3;
    private static final int MAX_BYTES = 1_000;
    private static final RaftConfig CONFIG = new RaftConfig(10, 2, 100, MAX_BYTES, MAX_APPENDS, 5_000, 5_000);

    /** Nothing is known of it; the leader's own first entry is 10. */
    private final FollowerProgress progress = new FollowerProgress(N2, CONFIG, 10);

    private void replicating(long matchIndex) {
        progress.accepted(matchIndex, 1);
    }

    private FollowerStatus status(
            boolean replicating, boolean installing, long match, long next, int appends, long bytes, int silent) {
        return new FollowerStatus(N2, replicating, installing, match, next, appends, bytes, silent);
    }

    @Test
    @DisplayName("while the match is looked for, one append is on the way; the first one carries entries")
    void probing() {
        assertTrue(progress.hasRoom());
        assertTrue(progress.probeCarriesEntries());
        progress.probeSent(4);
        assertFalse(progress.hasRoom());
        assertFalse(progress.probeCarriesEntries());
        progress.heartbeatAnswered(4);
        assertFalse(progress.hasRoom(), "that round left before the probe");
        progress.heartbeatAnswered(5);
        assertTrue(progress.hasRoom(), "the probe may be lost");
        assertFalse(progress.probeCarriesEntries());
        assertEquals(5, progress.answeredRound());
        progress.heartbeatAnswered(3);
        assertEquals(5, progress.answeredRound(), "a late answer");
    }

    @Test
    @DisplayName("when the match is known, so many appends and so many bytes may be on the way")
    void window() {
        replicating(9);
        assertTrue(progress.isReplicating());
        progress.appendSent(10, 100);
        progress.appendSent(12, 100);
        assertTrue(progress.hasRoom());
        progress.appendSent(13, 100);
        assertFalse(progress.hasRoom(), "three appends");
        assertEquals(status(true, false, 9, 14, 3, 300, 0), progress.status());
        assertFalse(progress.accepted(9, 1), "no news");
        assertTrue(progress.accepted(12, 1));
        assertEquals(status(true, false, 12, 14, 1, 100, 0), progress.status());
        progress.appendSent(14, MAX_BYTES - 101);
        assertTrue(progress.hasRoom(), "one byte is left");
        progress.accepted(13, 1);
        progress.appendSent(15, 101);
        assertFalse(progress.hasRoom(), "no byte is left");
        assertThrows(InvariantViolation.class, () -> progress.appendSent(15, 1));
    }

    @Test
    @DisplayName("an acknowledgement beyond what was sent moves on past it, and none ever moves back")
    void acknowledged() {
        assertTrue(progress.accepted(20, 1));
        assertEquals(21, progress.nextIndex());
        assertFalse(progress.accepted(15, 1));
        assertEquals(20, progress.matchIndex());
        assertEquals(21, progress.nextIndex());
    }

    @Test
    @DisplayName("who lacks what is cut away by now is sent no entries before the log's beginning")
    void cutMeanwhile() {
        progress.accepted(3, 8);
        assertEquals(8, progress.nextIndex());
    }

    @ParameterizedTest(name = "rejection of {0}: {1}")
    @DisplayName("a rejection is news while the match is looked for, if it answers the question and is above the match")
    @CsvSource({"8, false", "9, true", "10, false"})
    void newsWhileProbing(long rejected, boolean news) {
        assertEquals(news, progress.isNews(rejected));
    }

    @ParameterizedTest(name = "rejection of {0}: {1}")
    @DisplayName("a rejection is news when the match is known, if it is of something above it that was sent")
    @CsvSource({"9, false", "10, true", "12, true", "13, false"})
    void newsWhileReplicating(long rejected, boolean news) {
        replicating(9);
        progress.appendSent(12, 1);
        assertEquals(news, progress.isNews(rejected));
    }

    @Test
    @DisplayName("a rejection of what is known to match is none")
    void rejectionOfMatch() {
        replicating(9);
        progress.probe(1);
        assertEquals(10, progress.nextIndex());
        assertFalse(progress.isNews(9));
    }

    @Test
    @DisplayName(
            "a rejection begins to look for the match at the candidate, but not at or below what is known to match")
    void rejected() {
        replicating(4);
        progress.appendSent(9, 100);
        progress.rejected(6);
        assertEquals(status(false, false, 4, 7, 0, 0, 0), progress.status());
        assertTrue(progress.hasRoom());
        assertTrue(progress.probeCarriesEntries());
        progress.probeSent(1);
        progress.rejected(2);
        assertEquals(5, progress.nextIndex());
        assertTrue(progress.hasRoom());
        assertTrue(progress.probeCarriesEntries());
    }

    @Test
    @DisplayName(
            "to look for the match again begins after what is known, or where it was looked for, in the log at least")
    void probesAgain() {
        progress.probeSent(1);
        progress.probe(1);
        assertEquals(10, progress.nextIndex(), "that a question got lost tells nothing");
        assertTrue(progress.hasRoom());
        assertTrue(progress.probeCarriesEntries());
        progress.probe(12);
        assertEquals(12, progress.nextIndex(), "nothing before can be sent");
        replicating(4);
        progress.appendSent(20, 100);
        progress.probe(1);
        assertEquals(status(false, false, 4, 5, 0, 0, 0), progress.status());
    }

    @Test
    @DisplayName("appends of which nothing has come for so many ticks are taken for lost; only the wait counts")
    void stalls() {
        replicating(9);
        for (int i = 0; i < 5; i++) {
            progress.onTick();
        }
        assertFalse(progress.isStalledFor(1), "nothing is on the way");
        progress.appendSent(10, 1);
        assertFalse(progress.isStalledFor(1));
        progress.onTick();
        progress.onTick();
        progress.appendSent(11, 1);
        progress.onTick();
        assertTrue(progress.isStalledFor(3));
        assertFalse(progress.isStalledFor(4));
        progress.accepted(9, 1);
        assertTrue(progress.isStalledFor(3), "no news");
        progress.accepted(10, 1);
        assertFalse(progress.isStalledFor(1));
        progress.onTick();
        progress.rejected(10);
        assertFalse(progress.isStalledFor(1));
    }

    @Test
    @DisplayName("silence is counted in ticks, by whoever counts; every answer ends it")
    void silence() {
        progress.onTick();
        progress.onTick();
        assertEquals(2, progress.silentTicks());
        progress.silent(1);
        assertEquals(2, progress.silentTicks());
        progress.silent(7);
        assertEquals(7, progress.silentTicks());
        progress.heard();
        assertEquals(0, progress.silentTicks());
        progress.onTick();
        progress.heartbeatAnswered(0);
        assertEquals(0, progress.silentTicks());
        progress.onTick();
        progress.accepted(0, 1);
        assertEquals(0, progress.silentTicks());
    }

    @Test
    @DisplayName("entries are read for it one read at a time, with a pause after a read that failed")
    void loads() {
        replicating(9);
        assertTrue(progress.canLoad());
        progress.loadStarted();
        assertFalse(progress.canLoad());
        assertFalse(progress.isCaughtUp(9), "a read is under way");
        assertFalse(progress.loadFinished(11), "nobody asked for that");
        assertTrue(progress.loadFinished(10));
        assertFalse(progress.loadFinished(10));
        assertTrue(progress.canLoad());
        progress.deferLoad();
        assertFalse(progress.canLoad());
        progress.endLoadPause();
        assertTrue(progress.canLoad());
    }

    @Test
    @DisplayName("it has caught up when it has all, durably, and nothing is on the way")
    void caughtUp() {
        assertFalse(progress.isCaughtUp(0), "not known what it has");
        replicating(9);
        assertTrue(progress.isCaughtUp(9));
        assertFalse(progress.isCaughtUp(10));
        progress.appendSent(10, 1);
        assertFalse(progress.isCaughtUp(9));
        progress.accepted(10, 1);
        assertTrue(progress.isCaughtUp(10));
    }

    // ------------------------------------------------------------------------------------------------- snapshots

    private static Optional<GroupSnapshot> snapshotOf(long index) {
        return Optional.of(new GroupSnapshot(id(1, index), 0, Payload.utf8("state"), Payload.EMPTY));
    }

    @Test
    @DisplayName("a snapshot ends what is on the way, and is over when the follower has what comes before the log")
    void snapshot() {
        replicating(9);
        progress.appendSent(10, 100);
        progress.beginSnapshot();
        assertEquals(status(false, true, 9, 11, 0, 0, 0), progress.status());
        assertFalse(progress.accepted(9, 21), "a late acknowledgement ends no snapshot");
        assertTrue(progress.snapshot().isPresent());
        assertTrue(progress.accepted(20, 21));
        assertEquals(status(true, false, 20, 21, 0, 0, 0), progress.status());
    }

    @Test
    @DisplayName("when the log begins later by now, an installed snapshot is followed by the next, another one goes on")
    void nextSnapshot() {
        progress.beginSnapshot();
        SnapshotSender first = progress.snapshot().orElseThrow();
        first.loadStarted();
        first.loaded(snapshotOf(20));
        assertTrue(progress.accepted(12, 31), "news, though it ends no snapshot");
        assertFalse(progress.accepted(12, 31));
        assertSame(first, progress.snapshot().orElseThrow(), "it has not got it yet");
        assertEquals(13, progress.nextIndex());
        progress.accepted(20, 31);
        SnapshotSender second = progress.snapshot().orElseThrow();
        assertNotSame(first, second);
        assertTrue(second.canLoad());
        assertEquals(21, progress.nextIndex());
        assertFalse(progress.isReplicating());
    }

    @Test
    @DisplayName("the answer to a later heartbeat repeats a piece, and ends the pause after a load that failed")
    void heartbeats() {
        progress.beginSnapshot();
        SnapshotSender sender = progress.snapshot().orElseThrow();
        sender.loadStarted();
        sender.loaded(Optional.empty());
        assertFalse(sender.canLoad());
        progress.endLoadPause();
        assertTrue(sender.canLoad());
        sender.loadStarted();
        sender.loaded(snapshotOf(20));
        sender.next(1, 2, 6);
        progress.heartbeatAnswered(6);
        assertFalse(sender.canSend());
        progress.heartbeatAnswered(7);
        assertTrue(sender.canSend());
    }
}
