/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.Prng;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Term starts")
class TermStartsTest {
    /** The obvious implementation: one id per entry. */
    private static final class Model {
        EntryId before;
        final List<EntryId> entries = new ArrayList<>();

        Model(EntryId before) {
            this.before = before;
        }

        long lastIndex() {
            return before.index() + entries.size();
        }

        long termAt(long index) {
            return index == before.index()
                    ? before.term()
                    : entries.get((int) (index - before.index()) - 1).term();
        }
    }

    @Test
    @DisplayName("answer like a list of all entries, whatever is appended, truncated in front or behind")
    void behavesLikeTheModel() {
        for (long seed = 0; seed < 300; seed++) {
            Prng random = new Prng(seed);
            EntryId before = random.nextInt(2) == 0 ? EntryId.NONE : new EntryId(3, 40);
            Model model = new Model(before);
            TermStarts terms = new TermStarts(before);
            for (int step = 0; step < 120; step++) {
                change(random, model, terms);
                compare(model, terms);
            }
        }
    }

    private static void change(Prng random, Model model, TermStarts terms) {
        long last = model.lastIndex();
        long lastTerm = model.termAt(last);
        switch (random.nextInt(8)) {
            case 0 -> {
                long from = model.before.index() + 1 + random.nextInt(model.entries.size() + 2);
                while (model.lastIndex() >= from) {
                    model.entries.remove(model.entries.size() - 1);
                }
                terms.truncateSuffix(from);
            }
            case 1 -> {
                long firstKept = model.before.index() + 1 + random.nextInt(model.entries.size() + 1);
                if (firstKept > model.before.index() + 1) {
                    EntryId before = new EntryId(model.termAt(firstKept - 1), firstKept - 1);
                    model.entries.removeIf(id -> id.index() < firstKept);
                    model.before = before;
                }
                terms.truncatePrefix(firstKept);
            }
            case 2 -> {
                long term = Math.max(1, lastTerm + random.nextInt(2));
                long to = last + 1 + random.nextInt(5);
                for (long index = last + 1; index <= to; index++) {
                    model.entries.add(new EntryId(term, index));
                }
                terms.appendRun(term, to);
            }
            default -> {
                EntryId next = new EntryId(Math.max(1, lastTerm + (random.nextInt(3) == 0 ? 1 : 0)), last + 1);
                model.entries.add(next);
                terms.append(next);
            }
        }
    }

    private static void compare(Model model, TermStarts terms) {
        assertEquals(model.before, terms.before());
        assertEquals(model.before.index() + 1, terms.firstIndex());
        assertEquals(model.lastIndex(), terms.lastIndex());
        assertEquals(new EntryId(model.termAt(model.lastIndex()), model.lastIndex()), terms.last());
        assertFalse(terms.knows(model.before.index() - 1));
        assertFalse(terms.knows(model.lastIndex() + 1));
        for (long index = model.before.index(); index <= model.lastIndex(); index++) {
            assertTrue(terms.knows(index));
            assertEquals(model.termAt(index), terms.termAt(index));
            if (index > model.before.index()) {
                long first = index;
                while (first > model.before.index() + 1 && model.termAt(first - 1) == model.termAt(index)) {
                    first--;
                }
                assertEquals(first, terms.firstIndexOfTermAt(index));
                long last = index;
                while (last < model.lastIndex() && model.termAt(last + 1) == model.termAt(index)) {
                    last++;
                }
                assertEquals(last, terms.lastIndexOfTermAt(index));
            }
        }
        TermStarts rebuilt = new TermStarts(model.before);
        model.entries.forEach(rebuilt::append);
        assertEquals(rebuilt, terms, "equality is by content, not by history");
        assertEquals(rebuilt.hashCode(), terms.hashCode());
    }

    @Test
    @DisplayName("refuse a gap, a falling term, and a cut before the start")
    void refuses() {
        TermStarts terms = new TermStarts(new EntryId(2, 10));
        terms.append(new EntryId(3, 11));
        assertThrows(IllegalArgumentException.class, () -> terms.append(new EntryId(3, 13)));
        assertThrows(IllegalArgumentException.class, () -> terms.append(new EntryId(2, 12)));
        assertThrows(IllegalArgumentException.class, () -> terms.truncateSuffix(10));
        assertThrows(IllegalArgumentException.class, () -> terms.appendRun(3, 11));
        assertThrows(IndexOutOfBoundsException.class, () -> terms.termAt(9));
        assertThrows(IndexOutOfBoundsException.class, () -> terms.termAt(12));
    }

    @Test
    @DisplayName("a copy goes its own way")
    void copies() {
        TermStarts terms = new TermStarts(EntryId.NONE);
        terms.append(new EntryId(1, 1));
        TermStarts copy = terms.copy();
        assertEquals(terms, copy);
        copy.append(new EntryId(2, 2));
        assertNotEquals(terms, copy);
        assertEquals(1, terms.lastIndex());
    }

    @Test
    @DisplayName(
            "are equal only if they begin and end alike, with the same terms at the same places; and say what they are")
    void comparable() {
        TermStarts terms = new TermStarts(new EntryId(2, 10));
        terms.appendRun(3, 12);
        terms.appendRun(5, 14);
        assertEquals("2/10 then t3@11 t5@13 to 14", terms.toString());
        TermStarts shorter = terms.copy();
        shorter.truncateSuffix(14);
        TermStarts earlier = new TermStarts(new EntryId(2, 10));
        earlier.appendRun(3, 11);
        earlier.appendRun(5, 14);
        TermStarts otherTerm = new TermStarts(new EntryId(2, 10));
        otherTerm.appendRun(4, 12);
        otherTerm.appendRun(5, 14);
        TermStarts moreTerms = new TermStarts(new EntryId(2, 10));
        moreTerms.appendRun(3, 12);
        moreTerms.appendRun(5, 13);
        moreTerms.appendRun(6, 14);
        TermStarts otherBefore = new TermStarts(new EntryId(1, 10));
        otherBefore.appendRun(3, 12);
        otherBefore.appendRun(5, 14);
        for (TermStarts other : List.of(shorter, earlier, otherTerm, moreTerms, otherBefore)) {
            assertNotEquals(terms, other);
        }
        assertNotEquals(terms.hashCode(), shorter.hashCode());
        assertNotEquals(terms.hashCode(), otherBefore.hashCode());
        assertNotEquals(terms, "2/10 then t3@11 t5@13 to 14");
        assertEquals(10, terms.firstIndexOfTermAt(10), "of what is before the log nothing more is known");
    }
}
