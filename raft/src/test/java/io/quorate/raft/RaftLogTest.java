/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.recovered;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.log.TermStarts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The log and its tail in memory")
class RaftLogTest {
    private static final int ENTRY_BYTES = 100;
    /** Everything has been sent to everybody. */
    private static final long NOTHING = Long.MAX_VALUE;

    private static RaftLog log(int tailBytes, long... terms) {
        return new RaftLog(recovered(new HardState(9, Optional.empty()), terms), tailBytes);
    }

    private static LogEntry sized(long index) {
        return new LogEntry(
                id(9, index),
                EntryType.COMMAND,
                0,
                0,
                0,
                Payload.wrap(new byte[ENTRY_BYTES - LogEntry.OVERHEAD_BYTES]));
    }

    private static RaftLog logOfTen(int tailBytes) {
        RaftLog log = log(tailBytes);
        for (long index = 1; index <= 10; index++) {
            log.append(sized(index));
        }
        return log;
    }

    @ParameterizedTest(name = "applied {0}, durable {1}, room for {2} bytes: from {3}")
    @DisplayName("the oldest entries go when memory is full, if they are applied and durable")
    @CsvSource({
        "10, 10, 1000, 1",
        "10, 10, 999, 2",
        "10, 10, 250, 9",
        "10, 10, 0, 11",
        "4, 10, 0, 5",
        "4, 10, 400, 1",
        "4, 10, 399, 2",
        "10, 3, 0, 4",
        "10, 3, 200, 2",
        "0, 10, 0, 1"
    })
    void evicts(long applied, long durable, int tailBytes, long tailStart) {
        RaftLog log = logOfTen(tailBytes);
        log.commitTo(10);
        log.appliedTo(applied);
        log.evict(durable, NOTHING);
        assertEquals(tailStart, log.tailStart());
        assertEquals(10, log.lastIndex());
    }

    @ParameterizedTest(name = "to be sent from {0}, room for {1} bytes: from {2}")
    @DisplayName("what is still to be sent stays in memory, up to twice what there is room for")
    @CsvSource({
        "9, 300, 8",
        "8, 300, 8",
        "7, 300, 7",
        "5, 300, 5",
        "4, 300, 5",
        "1, 300, 5",
        "1, 500, 1",
        "1, 499, 2",
        "11, 300, 8",
        "10, 0, 11"
    })
    void keepsWhatIsToBeSent(long keepFrom, int tailBytes, long tailStart) {
        RaftLog log = logOfTen(tailBytes);
        log.commitTo(10);
        log.appliedTo(10);
        log.evict(10, keepFrom);
        assertEquals(tailStart, log.tailStart());
    }

    @Test
    @DisplayName("recovered entries are not in memory; appended ones follow them")
    void recoveredEntries() {
        RaftLog log = log(1000, 1, 1, 2);
        assertEquals(4, log.tailStart());
        assertThrows(IndexOutOfBoundsException.class, () -> log.tailEntry(3));
        log.append(entry(5, 4));
        assertEquals(entry(5, 4), log.tailEntry(4));
        assertThrows(IndexOutOfBoundsException.class, () -> log.tailEntry(5));
        assertEquals(id(1, 2), log.idAt(2));
    }

    @Test
    @DisplayName("a slice holds at most the limit, and at least one entry")
    void slices() {
        RaftLog log = logOfTen(10_000);
        assertEquals(List.of(sized(3)), log.slice(3, 1));
        assertEquals(List.of(sized(3), sized(4)), log.slice(3, 299));
        assertEquals(List.of(sized(3), sized(4), sized(5)), log.slice(3, 300));
        assertEquals(List.of(sized(10)), log.slice(10, 300));
    }

    @Test
    @DisplayName("uncommitted bytes are those above the commit index")
    void uncommittedBytes() {
        RaftLog log = logOfTen(10_000);
        assertEquals(1000, log.uncommittedBytes());
        log.commitTo(4);
        assertEquals(600, log.uncommittedBytes());
        log.truncateSuffix(8, 0);
        assertEquals(300, log.uncommittedBytes());
        log.commitTo(7);
        assertEquals(0, log.uncommittedBytes());
    }

    @Test
    @DisplayName("R11: a cut at or below the commit index is a bug, not an option")
    void committedEntriesStay() {
        RaftLog log = logOfTen(10_000);
        log.commitTo(4);
        assertThrows(InvariantViolation.class, () -> log.truncateSuffix(4, 0));
        assertThrows(InvariantViolation.class, () -> log.commitTo(3));
        assertThrows(InvariantViolation.class, () -> log.commitTo(11));
        assertThrows(InvariantViolation.class, () -> log.appliedTo(5));
    }

    @Test
    @DisplayName("an entry whose offset does not follow is a bug")
    void offsetsAreDense() {
        RaftLog log = log(1000);
        LogEntry gap = new LogEntry(id(9, 1), EntryType.RECORDS, 3, 1, 0, Payload.EMPTY);
        assertThrows(InvariantViolation.class, () -> log.append(gap));
    }

    @Test
    @DisplayName("a log whose beginning was cut starts committed and applied up to there")
    void cutPrefix() {
        TermStarts terms = new TermStarts(id(3, 20));
        terms.append(id(4, 21));
        RaftLog log = new RaftLog(new RecoveredLog(new HardState(4, Optional.empty()), terms, 70), 1000);
        assertEquals(20, log.commitIndex());
        assertEquals(21, log.firstIndex());
        assertEquals(70, log.nextOffset());
        assertEquals(id(3, 20), log.idAt(20));
        assertEquals(id(3, 20), log.lastWithTermAtMost(1, 21), "the id before the log is the last resort");
    }

    @Test
    @DisplayName("memory behaves like a list, whatever is appended, cut off and evicted")
    void behavesLikeAList() {
        for (long seed = 0; seed < 200; seed++) {
            Prng random = new Prng(seed);
            int tailBytes = random.nextInt(1500);
            RaftLog log = log(tailBytes);
            List<LogEntry> model = new ArrayList<>();
            long committed = 0;
            long inMemoryFrom = 1;
            for (int step = 0; step < 200; step++) {
                switch (random.nextInt(6)) {
                    case 0 -> {
                        int from = (int) committed + 1 + random.nextInt(model.size() - (int) committed + 1);
                        while (model.size() >= from) {
                            model.remove(model.size() - 1);
                        }
                        log.truncateSuffix(from, 0);
                    }
                    case 1 -> {
                        committed += random.nextInt(model.size() - (int) committed + 1);
                        log.commitTo(committed);
                        log.appliedTo(committed);
                        log.evict(committed, NOTHING);
                        assertEquals(
                                Math.max(inMemoryFrom, committed + 1 - tailBytes / ENTRY_BYTES),
                                log.tailStart(),
                                "as many of what is settled as there is room for");
                        inMemoryFrom = log.tailStart();
                    }
                    default -> {
                        model.add(sized(model.size() + 1));
                        log.append(model.get(model.size() - 1));
                    }
                }
                assertEquals(model.size(), log.lastIndex());
                assertTrue(log.tailStart() <= committed + 1 && log.tailStart() >= 1);
                for (long index = log.tailStart(); index <= log.lastIndex(); index++) {
                    assertEquals(model.get((int) index - 1), log.tailEntry(index));
                }
                assertEquals((model.size() - committed) * ENTRY_BYTES, log.uncommittedBytes());
                if (log.tailStart() <= log.lastIndex()) {
                    assertEquals(
                            model.subList((int) log.tailStart() - 1, model.size()),
                            log.slice(log.tailStart(), Long.MAX_VALUE));
                }
            }
        }
    }

    @ParameterizedTest(name = "term at most {0}, up to index {1}: {2}")
    @DisplayName("the greatest entry that may match skips terms that are too new")
    @CsvSource({"9, 7, 4/7", "4, 7, 4/7", "3, 7, 2/5", "2, 4, 2/4", "1, 7, 1/2", "0, 7, 0/0", "2, 0, 0/0"})
    void greatestMatch(long term, long index, String expected) {
        EntryId found = log(1000, 1, 1, 2, 2, 2, 4, 4).lastWithTermAtMost(term, index);
        assertEquals(expected, found.toString());
    }

    @Test
    @DisplayName("what is not in memory is cut off too, behind entries in memory or without any")
    void cutsBelowTheTail() {
        RaftLog log = new RaftLog(recovered(new HardState(2, Optional.empty()), 1, 1, 2, 2), 1_000_000);
        log.append(entry(2, 5));
        log.truncateSuffix(4, 0);
        assertEquals(id(2, 3), log.last());
        assertEquals(4, log.tailStart());
        assertEquals(0, log.uncommittedBytes());
        log.truncateSuffix(3, 0);
        assertEquals(id(1, 2), log.last());
        log.append(entry(3, 3));
        assertEquals(id(3, 3), log.last());
        assertEquals(entry(3, 3), log.tailEntry(3));
    }

    @Test
    @DisplayName("entries on their way, however many, push none out of memory that followers may still lack")
    void onTheirWayPushesNothingOut() {
        RaftLog log = logOfTen(500);
        log.commitTo(5);
        log.appliedTo(5);
        log.evict(5, NOTHING);
        for (long index = 11; index <= 40; index++) {
            log.append(sized(index));
        }
        log.evict(5, NOTHING);
        assertEquals(1, log.tailStart());
        log.commitTo(6);
        log.appliedTo(6);
        log.evict(40, NOTHING);
        assertEquals(2, log.tailStart(), "one more is applied");
    }

    @Test
    @DisplayName("what was cut off takes no room in memory any more, what takes its place does")
    void cutMakesRoom() {
        RaftLog log = logOfTen(700);
        log.commitTo(5);
        log.appliedTo(5);
        log.evict(10, NOTHING);
        log.truncateSuffix(6, 0);
        for (long index = 6; index <= 8; index++) {
            log.append(sized(index));
        }
        log.commitTo(8);
        log.appliedTo(8);
        log.evict(7, NOTHING);
        assertEquals(1, log.tailStart(), "as much as there is room for");
        log.evict(8, NOTHING);
        assertEquals(2, log.tailStart(), "one entry too many");
    }

    @Test
    @DisplayName("memory that others need is given up, oldest entries first, except those that are on their way")
    void shrinks() {
        RaftLog log = logOfTen(1000);
        log.commitTo(6);
        log.appliedTo(6);
        log.evict(6, NOTHING);
        assertEquals(6 * ENTRY_BYTES, log.settledBytes());

        log.shrinkTail(2 * ENTRY_BYTES + 1);
        assertEquals(5, log.tailStart());
        assertEquals(2 * ENTRY_BYTES, log.settledBytes());
        log.shrinkTail(0);
        assertEquals(7, log.tailStart());
        log.shrinkTail(0);
        assertEquals(7, log.tailStart(), "the others are not applied");
        assertEquals(10, log.tailEntry(10).index());
    }

    @Test
    @DisplayName("a beginning that is cut makes room for what follows it")
    void cutBeginningMakesRoom() {
        RaftLog log = logOfTen(400);
        log.commitTo(10);
        log.appliedTo(7);
        log.evict(7, NOTHING);
        assertEquals(4, log.tailStart());
        log.truncatePrefix(7);
        log.appliedTo(10);
        log.evict(10, NOTHING);
        assertEquals(7, log.tailStart());
        log.append(sized(11));
        log.commitTo(11);
        log.appliedTo(11);
        log.evict(11, NOTHING);
        assertEquals(8, log.tailStart());
    }

    @Test
    @DisplayName("a beginning that is cut leaves memory too")
    void cutBeginningLeavesMemory() {
        RaftLog log = logOfTen(10_000);
        log.commitTo(10);
        log.appliedTo(10);
        log.truncatePrefix(4);
        assertEquals(4, log.firstIndex());
        assertEquals(4, log.tailStart());
        assertEquals(sized(4), log.tailEntry(4));
        log.truncatePrefix(11);
        assertEquals(11, log.tailStart());
        assertEquals(10, log.lastIndex());
    }
}
