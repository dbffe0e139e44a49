/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Reads that a follower forwards")
class ForwardedReadsTest {
    private static final int PATIENCE = 3;
    private static final int MAX_QUESTIONS = 16;

    private final ForwardedReads reads = new ForwardedReads(new Prng(7), PATIENCE);

    private long ask(long... requestIds) {
        for (long id : requestIds) {
            reads.add(id);
        }
        return reads.ask();
    }

    @Test
    @DisplayName("share a question, whose id begins anywhere and rises by one")
    void questions() {
        assertTrue(reads.isEmpty());
        assertFalse(reads.canAsk());
        reads.add(1);
        assertFalse(reads.isEmpty());
        assertTrue(reads.canAsk());
        reads.add(2);
        long first = reads.ask();
        assertEquals(new Prng(7).nextLong(), first);
        assertFalse(reads.isEmpty());
        assertFalse(reads.canAsk(), "nothing has gathered since");
        long second = ask(3);
        assertEquals(first + 1, second);
        assertEquals(List.of(3L), reads.answered(second));
        assertEquals(List.of(1L, 2L), reads.answered(first));
        assertTrue(reads.isEmpty());
    }

    @Test
    @DisplayName("are answered once, and by an answer to their own question")
    void answeredOnce() {
        long question = ask(1);
        assertEquals(List.of(), reads.answered(question + 1));
        assertEquals(List.of(1L), reads.answered(question));
        assertEquals(List.of(), reads.answered(question));
    }

    @Test
    @DisplayName("gather while sixteen questions are on their way")
    void bounded() {
        long first = ask(0);
        for (int i = 1; i < MAX_QUESTIONS; i++) {
            reads.add(i);
            assertTrue(reads.canAsk(), "question " + i);
            reads.ask();
        }
        reads.add(98);
        reads.add(99);
        assertFalse(reads.canAsk());
        reads.answered(first);
        assertTrue(reads.canAsk());
        assertEquals(List.of(98L, 99L), reads.answered(reads.ask()));
    }

    @Test
    @DisplayName("are given up after so many ticks since they were asked, not since they gathered")
    void patience() {
        long first = ask(1);
        assertEquals(List.of(), reads.tick());
        ask(2);
        reads.add(3);
        assertEquals(List.of(), reads.tick());
        assertEquals(List.of(1L), reads.tick());
        assertEquals(List.of(), reads.answered(first), "nobody waits for it any more");
        assertEquals(List.of(2L), reads.tick());
        assertEquals(List.of(), reads.tick());
        assertTrue(reads.canAsk());
    }

    @Test
    @DisplayName("are given up together: asked or not")
    void abandoned() {
        long question = ask(1, 2);
        ask(3);
        reads.add(4);
        assertEquals(List.of(1L, 2L, 3L, 4L), reads.abandon());
        assertTrue(reads.isEmpty());
        assertEquals(List.of(), reads.answered(question));
        assertEquals(List.of(), reads.abandon());
        assertEquals(question + 2, ask(5), "an answer to an earlier one is none to this");
    }
}
