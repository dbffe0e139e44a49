/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.NodeId;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("How a leader brings its group to rest")
class IdlenessTest {
    private static final int AFTER_TICKS = 3;
    private static final List<NodeId> FOLLOWERS = List.of(N2, N3);

    private final Idleness idleness = new Idleness(AFTER_TICKS);

    private void idle(int ticks) {
        for (int i = 0; i < ticks; i++) {
            idleness.onTick(true);
        }
    }

    /** Idle for long enough; round 1 asks and both have answered that they rest. */
    private void allRest() {
        idle(AFTER_TICKS);
        idleness.roundLeaves(1, true);
        idleness.answered(N2, 1, true);
        idleness.answered(N3, 1, true);
    }

    @Test
    @DisplayName("it is time after so many idle ticks in a row; a busy one, or any activity, begins the count anew")
    void ripens() {
        idle(AFTER_TICKS - 1);
        assertFalse(idleness.isRipe());
        idle(1);
        assertTrue(idleness.isRipe());
        idleness.onTick(false);
        idle(AFTER_TICKS - 1);
        assertFalse(idleness.isRipe());
        idle(5);
        assertTrue(idleness.isRipe());
        idleness.end();
        idle(AFTER_TICKS - 1);
        assertFalse(idleness.isRipe());
    }

    @Test
    @DisplayName("it is never time if groups are not to rest")
    void never() {
        Idleness off = new Idleness(0);
        off.onTick(true);
        assertFalse(off.isRipe());
        assertFalse(off.haveQuiesced(List.of()));
    }

    @Test
    @DisplayName("all must have quiesced, and the group must still be idle")
    void all() {
        idle(AFTER_TICKS);
        idleness.roundLeaves(1, true);
        idleness.answered(N2, 1, true);
        assertFalse(idleness.haveQuiesced(FOLLOWERS));
        idleness.answered(N3, 1, true);
        assertTrue(idleness.haveQuiesced(FOLLOWERS));
        idleness.end();
        assertFalse(idleness.haveQuiesced(FOLLOWERS));
        idle(AFTER_TICKS);
        assertFalse(idleness.haveQuiesced(FOLLOWERS), "what was said before the activity counts no more");
    }

    @Test
    @DisplayName("answers count from the first of the rounds that ask in a row; later ones do not make it old")
    void rounds() {
        idle(AFTER_TICKS);
        idleness.roundLeaves(4, true);
        idleness.roundLeaves(5, true);
        idleness.answered(N2, 3, true);
        assertFalse(idleness.haveQuiesced(List.of(N2)), "of a round before");
        idleness.answered(N2, 4, true);
        assertTrue(idleness.haveQuiesced(List.of(N2)));
    }

    @Test
    @DisplayName("a round that does not ask wakes whoever has quiesced, and makes answers to earlier ones worthless")
    void roundThatDoesNotAsk() {
        allRest();
        idleness.roundLeaves(2, false);
        assertFalse(idleness.haveQuiesced(FOLLOWERS));
        idleness.answered(N2, 1, true);
        idleness.answered(N3, 2, true);
        assertFalse(idleness.haveQuiesced(List.of(N2)));
        assertFalse(idleness.haveQuiesced(List.of(N3)), "nobody asks");
        idleness.roundLeaves(3, true);
        idleness.answered(N2, 2, true);
        idleness.answered(N3, 3, true);
        assertFalse(idleness.haveQuiesced(List.of(N2)), "of a round before");
        assertTrue(idleness.haveQuiesced(List.of(N3)));
    }

    @Test
    @DisplayName("answers to what was asked before an activity are worth nothing after it")
    void activityBetween() {
        idle(AFTER_TICKS);
        idleness.roundLeaves(1, true);
        idleness.end();
        idle(AFTER_TICKS);
        idleness.answered(N2, 1, true);
        assertFalse(idleness.haveQuiesced(List.of(N2)));
    }

    @Test
    @DisplayName("who says that it is awake has not quiesced, whatever it has said before")
    void awakeAgain() {
        allRest();
        idleness.answered(N3, 0, false);
        assertFalse(idleness.haveQuiesced(FOLLOWERS));
        assertTrue(idleness.haveQuiesced(List.of(N2)));
    }
}
