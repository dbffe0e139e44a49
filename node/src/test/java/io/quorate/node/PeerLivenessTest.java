/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Nodes show each other that they live")
class PeerLivenessTest {
    private static final NodeId N2 = new NodeId(2);
    private static final NodeId N3 = new NodeId(3);
    private static final int TIMEOUT = 8;

    private final List<String> told = new ArrayList<>();
    private final PeerLiveness liveness = new PeerLiveness(
            List.of(N2, N3), TIMEOUT, () -> told.add("sign"), (peer, ticks) -> told.add(peer + " " + ticks));

    private void tick(int ticks, boolean resting) {
        for (int i = 0; i < ticks; i++) {
            liveness.onContact(N3);
            liveness.tick(resting);
        }
    }

    @Test
    @DisplayName("by four signs in an election timeout while anything of the node rests")
    void signs() {
        liveness.onContact(N2);
        tick(TIMEOUT - 1, true);
        assertEquals(List.of("sign", "sign", "sign"), told);
    }

    @Test
    @DisplayName("not at all while nothing rests, and at once when something does")
    void noSigns() {
        tick(TIMEOUT - 1, false);
        assertEquals(List.of(), told);
        liveness.onContact(N2);
        tick(1, true);
        assertEquals(List.of("sign"), told);
    }

    @Test
    @DisplayName("and are told once of a peer that does not, when that has lasted an election timeout")
    void silence() {
        tick(TIMEOUT - 1, false);
        assertEquals(List.of(), told);
        tick(10 * TIMEOUT, false);
        assertEquals(List.of("n2 " + TIMEOUT), told);
    }

    @Test
    @DisplayName("and are told again when it was heard in between")
    void silentAgain() {
        tick(TIMEOUT, false);
        liveness.onContact(N2);
        tick(TIMEOUT, false);
        assertEquals(List.of("n2 " + TIMEOUT, "n2 " + TIMEOUT), told);
    }
}
