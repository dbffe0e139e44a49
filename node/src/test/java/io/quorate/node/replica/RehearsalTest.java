/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.rpc.PeerCodec;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.message.TimeoutNow;
import io.quorate.raft.message.VoteRequest;
import io.quorate.raft.message.VoteResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A rehearsal")
class RehearsalTest {
    private static final Path NOWHERE = Path.of("/data/rehearsal");

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final Set<String> messages = new TreeSet<>();

    private PeerMessage.ForGroup carry(PeerMessage.ForGroup message) {
        messages.add(message.message().getClass().getSimpleName());
        return PeerCodec.thereAndBack(message);
    }

    @Test
    @DisplayName(
            "comes by all that there is to a hand-over: appends before, meanwhile and after, over the wire and back")
    void playsAll() {
        Rehearsal.Outcome outcome = Rehearsal.play(disk, NOWHERE, this::carry);

        assertEquals(new Rehearsal.Outcome(24, 8), outcome);
        assertTrue(
                messages.containsAll(List.of(
                        TimeoutNow.class.getSimpleName(),
                        VoteRequest.class.getSimpleName(),
                        VoteResponse.class.getSimpleName())),
                messages::toString);
    }

    @Test
    @DisplayName("leaves nothing on the disk")
    void leavesNothing() throws IOException {
        Rehearsal.play(disk, NOWHERE, this::carry);

        assertEquals(List.of(), disk.list(NOWHERE));
        assertEquals(List.of(), disk.list(NOWHERE.getParent()));
        assertEquals(List.of(), disk.list(NOWHERE.resolve("n1")));
    }

    @Test
    @DisplayName("that gets stuck says where, and ends")
    void getsStuck() {
        IllegalStateException stuck = assertThrows(
                IllegalStateException.class,
                () -> Rehearsal.play(
                        disk, NOWHERE, message -> new PeerMessage.ForGroup(1, new VoteResponse(1, false))));

        assertTrue(stuck.getMessage().contains("one of them leads"), stuck.getMessage());
    }
}
