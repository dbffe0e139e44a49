/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("The plan of a repair")
class RepairPlanTest {
    /** This replica has been in term 4. */
    private static final long TERM = 4;

    /** A log in a row of terms: "1 1 2" are entries 1 to 3. */
    private record Case(String what, RepairPlan plan, String committed, int fetchedTo, String expected) {
        @Override
        public String toString() {
            return what;
        }
    }

    private static RepairPlan damaged(long from, long to, String before, String behind) {
        return new RepairPlan(from, OptionalLong.of(to), id(before), id(behind), TERM, true);
    }

    private static RepairPlan openEnded(long from, String before) {
        return new RepairPlan(from, OptionalLong.empty(), id(before), Optional.empty(), TERM, true);
    }

    private static Optional<EntryId> id(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String[] parts = text.split("/");
        return Optional.of(new EntryId(Long.parseLong(parts[0]), Long.parseLong(parts[1])));
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(
                        "asks for everything from one intact entry to the other",
                        damaged(3, 4, "1/2", "2/5"),
                        "1 1 1 2 2 2",
                        0,
                        "fetch 2-5"),
                new Case("asks for what is still missing", damaged(3, 4, "1/2", "2/5"), "1 1 1 2 2 2", 4, "fetch 5-5"),
                new Case(
                        "fills the damage if the entry behind it is the committed one",
                        damaged(3, 4, "1/2", "2/5"),
                        "1 1 1 2 2 2",
                        5,
                        "fill 3-4"),
                new Case("fills damage at the log's beginning", damaged(1, 2, "", "1/3"), "1 1 1 2", 3, "fill 1-2"),
                new Case(
                        "waits while the entry behind may still be committed",
                        damaged(3, 4, "1/2", "2/5"),
                        "1 1 1 2",
                        4,
                        "wait"),
                new Case(
                        "waits while nothing of the damage is committed",
                        damaged(3, 4, "1/2", "2/5"),
                        "1 1",
                        0,
                        "wait"),
                new Case(
                        "waits while less than what is intact is committed",
                        damaged(3, 4, "2/2", "2/5"),
                        "1",
                        0,
                        "wait"),
                new Case(
                        "replaces the end if the entry behind is another one",
                        damaged(3, 4, "1/2", "2/5"),
                        "1 1 1 1 3 3",
                        5,
                        "replace 3-5"),
                new Case(
                        "replaces the end if what is committed is newer than the entry behind",
                        damaged(3, 5, "1/2", "2/6"),
                        "1 1 1 3",
                        4,
                        "replace 3-4"),
                new Case(
                        "asks for what is committed of it first",
                        damaged(3, 5, "1/2", "2/6"),
                        "1 1 1 3",
                        2,
                        "fetch 3-4"),
                new Case(
                        "cuts if the entry before is another one",
                        damaged(3, 4, "2/2", "2/5"),
                        "1 1 3 3 3",
                        2,
                        "cut 3"),
                new Case(
                        "cuts if what is committed before is newer than the entry before",
                        damaged(5, 6, "2/4", "2/7"),
                        "1 1 3",
                        0,
                        "cut 5"),
                new Case("cuts nothing for an older committed entry", damaged(5, 6, "3/4", "3/7"), "1 1 2", 0, "wait"),
                new Case(
                        "fills the log's very end if that is known",
                        damaged(3, 4, "1/2", ""),
                        "1 1 1 2 2",
                        4,
                        "replace 3-4"),
                new Case("waits for the rest of the log's end", damaged(3, 4, "1/2", ""), "1 1 1", 3, "wait"),
                new Case(
                        "replaces the log's end where a newer term begins",
                        damaged(3, 9, "1/2", ""),
                        "1 1 1 5 5",
                        5,
                        "replace 3-4"),
                new Case(
                        "without a root fills if the entry behind it is the committed one",
                        damaged(3, 4, "1/2", "2/5").unrooted(),
                        "1 1 1 2 2 2",
                        5,
                        "fill 3-4"),
                new Case(
                        "without a root asks for everything up to there",
                        damaged(3, 4, "1/2", "2/5").unrooted(),
                        "1 1 1 2 2 2",
                        2,
                        "fetch 3-5"),
                new Case(
                        "without a root wants a snapshot if the entry behind is another one",
                        damaged(3, 4, "1/2", "2/5").unrooted(),
                        "1 1 1 1 3 3",
                        5,
                        "reset"),
                new Case(
                        "without a root wants a snapshot if nothing is behind",
                        damaged(3, 4, "1/2", "").unrooted(),
                        "1 1 1 5",
                        4,
                        "reset"),
                new Case(
                        "with an open end waits for a term in which the replica has never been",
                        openEnded(3, "1/2"),
                        "1 1 1 4 4",
                        0,
                        "wait"),
                new Case(
                        "with an open end asks for everything up to there",
                        openEnded(3, "1/2"),
                        "1 1 1 4 5",
                        0,
                        "fetch 2-5"),
                new Case(
                        "with an open end replaces it up to the new term's first entry",
                        openEnded(3, "1/2"),
                        "1 1 1 4 5 5",
                        6,
                        "replace 3-5"),
                new Case("with an open end cuts if a newer term began before", openEnded(3, "1/2"), "1 5", 2, "cut 3"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    @DisplayName("never drops what may have been acknowledged")
    void plans(Case each) {
        List<LogEntry> log = log(each.committed());
        int start = (int) each.plan().start() - 1;
        List<LogEntry> fetched = each.fetchedTo() <= start ? List.of() : log.subList(start, each.fetchedTo());

        assertEquals(
                each.expected(),
                describe(each.plan().next(log.get(log.size() - 1).id(), fetched)));
    }

    private static List<LogEntry> log(String terms) {
        List<LogEntry> log = new ArrayList<>();
        for (String term : terms.split(" ")) {
            log.add(new LogEntry(
                    new EntryId(Long.parseLong(term), log.size() + 1), EntryType.NO_OP, 0, 0, 0, Payload.EMPTY));
        }
        return log;
    }

    private static String describe(RepairPlan.Step step) {
        if (step instanceof RepairPlan.Fetch fetch) {
            return "fetch " + fetch.fromIndex() + "-" + fetch.toIndex();
        } else if (step instanceof RepairPlan.Fill fill) {
            return "fill " + range(fill.entries());
        } else if (step instanceof RepairPlan.Replace replace) {
            return "replace " + range(replace.entries());
        } else if (step instanceof RepairPlan.Cut cut) {
            return "cut " + cut.fromIndex();
        }
        return step instanceof RepairPlan.Reset ? "reset" : "wait";
    }

    private static String range(List<LogEntry> entries) {
        return entries.get(0).index() + "-" + entries.get(entries.size() - 1).index();
    }
}
