/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.recovered;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Persist tracking")
class PersistTrackerTest {
    private static final HardState STATE = new HardState(1, Optional.empty());

    private final RaftLog log = new RaftLog(recovered(STATE), 1_000_000);
    private final PersistTracker tracker = new PersistTracker(0);

    private void append(long term, int count) {
        for (int i = 0; i < count; i++) {
            log.append(entry(term, log.lastIndex() + 1));
        }
    }

    private void truncate(long from) {
        log.truncateSuffix(from, 0);
        tracker.truncated(from);
    }

    @Test
    @DisplayName("sequences rise by one with every persist that holds something; an empty one repeats the last")
    void sequences() {
        assertEquals(0, tracker.issue(STATE, log).sequence());
        append(1, 1);
        assertEquals(1, tracker.issue(STATE, log).sequence());
        assertEquals(1, tracker.issue(STATE, log).sequence());
        tracker.hardStateChanged();
        assertEquals(2, tracker.issue(STATE, log).sequence());
    }

    @Test
    @DisplayName("completion is cumulative, and a repeated one changes nothing")
    void cumulative() {
        append(1, 2);
        tracker.issue(STATE, log);
        append(1, 2);
        tracker.issue(STATE, log);
        append(1, 2);
        tracker.issue(STATE, log);
        tracker.completed(2);
        assertEquals(4, tracker.durableIndex());
        tracker.completed(1);
        assertEquals(4, tracker.durableIndex());
        tracker.completed(3);
        assertEquals(6, tracker.durableIndex());
        assertThrows(InvariantViolation.class, () -> tracker.completed(4));
    }

    @Test
    @DisplayName("term and vote are durable when the last persist that carried them is, not an earlier one")
    void hardState() {
        assertTrue(tracker.isHardStateDurable());
        tracker.hardStateChanged();
        assertFalse(tracker.isHardStateDurable());
        tracker.issue(STATE, log);
        tracker.hardStateChanged();
        tracker.completed(1);
        assertFalse(tracker.isHardStateDurable());
        tracker.issue(STATE, log);
        assertFalse(tracker.isHardStateDurable());
        tracker.completed(2);
        assertTrue(tracker.isHardStateDurable());
    }

    @Test
    @DisplayName("ABA: a write of entries that were replaced makes only durable what is left of them")
    void replacedInFlight() {
        append(1, 5);
        tracker.issue(STATE, log);
        truncate(3);
        append(2, 5);
        tracker.issue(STATE, log);
        truncate(6);
        append(3, 1);
        tracker.completed(1);
        assertEquals(2, tracker.durableIndex());
        tracker.completed(2);
        assertEquals(5, tracker.durableIndex());
    }

    @Test
    @DisplayName("what was durable is not any more, once it is cut off")
    void replacedWhenDurable() {
        append(1, 5);
        tracker.issue(STATE, log);
        tracker.completed(1);
        truncate(4);
        assertEquals(3, tracker.durableIndex());
        append(2, 1);
        Persist persist = tracker.issue(STATE, log);
        assertEquals(4, persist.truncateFrom().orElseThrow());
        assertEquals(List.of(entry(2, 4)), persist.entries());
    }

    @Test
    @DisplayName("two cuts between two drains are handed out as the deeper one")
    void deepestCut() {
        append(1, 5);
        tracker.issue(STATE, log);
        truncate(3);
        append(2, 3);
        truncate(4);
        append(3, 1);
        Persist persist = tracker.issue(STATE, log);
        assertEquals(3, persist.truncateFrom().orElseThrow());
        assertEquals(List.of(entry(2, 3), entry(3, 4)), persist.entries());
    }

    @Test
    @DisplayName("under any schedule, what is called durable is on the disk and is the log's")
    void neverClaimsTooMuch() {
        for (long seed = 0; seed < 300; seed++) {
            Prng random = new Prng(seed);
            RaftLog randomLog = new RaftLog(recovered(STATE), 1_000_000);
            PersistTracker randomTracker = new PersistTracker(0);
            SimDisk disk = new SimDisk();
            List<Persist> writing = new ArrayList<>();
            for (int step = 0; step < 100; step++) {
                switch (random.nextInt(5)) {
                    case 0 -> {
                        long from = 1 + random.nextInt((int) randomLog.lastIndex() + 1);
                        randomLog.truncateSuffix(from, 0);
                        randomTracker.truncated(from);
                        // Terms 1 to 3 come again and again: identity by index alone would not do.
                        randomLog.append(entry(Math.max(randomLog.last().term(), 1 + random.nextInt(3)), from));
                    }
                    case 1 ->
                        randomLog.append(entry(Math.max(1, randomLog.last().term()), randomLog.lastIndex() + 1));
                    case 2 -> {
                        Persist persist = randomTracker.issue(STATE, randomLog);
                        if (!persist.isEmpty()) {
                            writing.add(persist);
                        }
                    }
                    default -> {
                        if (!writing.isEmpty()) {
                            Persist done = writing.remove(0);
                            disk.write(done);
                            randomTracker.completed(done.sequence());
                        }
                    }
                }
                for (long index = 1; index <= randomTracker.durableIndex(); index++) {
                    assertTrue(disk.holds(randomLog.idAt(index)), "seed " + seed + " index " + index);
                }
            }
            while (!writing.isEmpty() || randomTracker.hasPending(randomLog)) {
                Persist persist = randomTracker.issue(STATE, randomLog);
                if (!persist.isEmpty()) {
                    writing.add(persist);
                }
                Persist done = writing.remove(0);
                disk.write(done);
                randomTracker.completed(done.sequence());
            }
            assertEquals(randomLog.lastIndex(), randomTracker.durableIndex(), "all of it in the end");
            assertEquals(
                    randomLog.lastIndex() == 0 ? EntryId.NONE : randomLog.last(),
                    disk.entries().stream()
                            .map(LogEntry::id)
                            .reduce((first, second) -> second)
                            .orElse(EntryId.NONE));
        }
    }
}
