/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What all groups keep in memory together")
class TailBudgetTest {
    private static final class Kept implements TailBudget.Tail {
        long bytes;

        @Override
        public long tailBytes() {
            return bytes;
        }

        @Override
        public void shrinkTail(long maxBytes) {
            bytes = Math.min(bytes, maxBytes);
        }
    }

    private final TailBudget budget = new TailBudget(100);

    private void grow(Kept group, long bytes) {
        group.bytes += bytes;
        budget.changed(group);
    }

    private static List<Long> sizes(Kept... groups) {
        return Stream.of(groups).map(Kept::tailBytes).toList();
    }

    @Test
    @DisplayName("is all that they have while there is room")
    void room() {
        Kept a = new Kept();
        Kept b = new Kept();

        grow(a, 40);
        grow(b, 60);

        assertEquals(List.of(40L, 60L), sizes(a, b));
        assertEquals(100, budget.bytes());
    }

    @Test
    @DisplayName("is cut by half where nothing happened for the longest time, one after the other")
    void idlest() {
        Kept a = new Kept();
        Kept b = new Kept();
        Kept c = new Kept();
        grow(a, 40);
        grow(b, 40);
        grow(a, 0);

        grow(c, 50);

        assertEquals(List.of(20L, 20L, 50L), sizes(a, b, c), "b first, then a");
        grow(c, 15);
        assertEquals(List.of(20L, 10L, 65L), sizes(a, b, c));
    }

    @Test
    @DisplayName("is bounded though there is only one, or one keeps more than all may")
    void onlyOne() {
        Kept a = new Kept();

        grow(a, 1_000);

        assertTrue(a.bytes <= 100 && a.bytes > 0, a.bytes + " bytes");
        assertEquals(a.bytes, budget.bytes());
    }

    @Test
    @DisplayName("is bounded with thousands of them")
    void many() {
        List<Kept> all = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            Kept next = new Kept();
            all.add(next);
            grow(next, 7);
        }

        long kept = all.stream().mapToLong(Kept::tailBytes).sum();
        assertEquals(kept, budget.bytes());
        assertTrue(kept <= 100, kept + " bytes");
        assertEquals(7, all.get(4_999).bytes, "the newest has what it had");
    }

    @Test
    @DisplayName("does not count who has gone")
    void gone() {
        Kept a = new Kept();
        Kept b = new Kept();
        grow(a, 90);

        budget.forget(a);
        budget.forget(a);
        grow(b, 100);

        assertEquals(List.of(90L, 100L), sizes(a, b));
        assertEquals(100, budget.bytes());
    }

    @Test
    @DisplayName("is nothing if nothing may be kept")
    void nothing() {
        TailBudget none = new TailBudget(0);
        Kept a = new Kept();
        a.bytes = 9;

        none.changed(a);

        assertEquals(0, a.bytes);
    }
}
