/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The memory of sockets")
class SocketMemoryTest {
    private static final int MIB = 1 << 20;

    private final SocketMemory memory = new SocketMemory();

    private List<ByteBuf> take(int megabytes) {
        List<ByteBuf> taken = new ArrayList<>();
        for (int i = 0; i < megabytes; i++) {
            taken.add(memory.allocator().buffer(MIB, MIB));
        }
        return taken;
    }

    private static void giveBack(List<ByteBuf> taken) {
        taken.forEach(ByteBuf::release);
    }

    @Test
    @DisplayName("takes nothing before it is needed")
    void takesNothingAhead() {
        assertEquals(0, memory.heldBytes());
    }

    @Test
    @DisplayName("while some is in use, more is used and given back without the operating system")
    void staysUnderLoad() {
        List<ByteBuf> onTheWay = take(5);
        long held = memory.heldBytes();
        for (int round = 0; round < 10; round++) {
            List<ByteBuf> batches = take(8);
            assertEquals(held, memory.heldBytes(), "taken in round " + round);
            giveBack(batches);
            assertEquals(held, memory.heldBytes(), "given back in round " + round);
        }
        giveBack(onTheWay);
    }

    @Test
    @DisplayName("a few batches at a time stay in the same memory, even if there is none on the way in between")
    void staysAcrossPauses() {
        giveBack(take(1));
        long held = memory.heldBytes();
        for (int round = 0; round < 10; round++) {
            giveBack(take(3));
            assertEquals(held, memory.heldBytes());
        }
    }

    @Test
    @DisplayName("what a burst took goes back to the operating system, all but one chunk")
    void shrinksAfterBurst() {
        List<ByteBuf> burst = take(100);
        assertTrue(memory.heldBytes() >= 100 * MIB);
        giveBack(burst);
        assertTrue(memory.heldBytes() <= SocketMemory.CHUNK_BYTES, () -> memory.heldBytes() + " bytes");
    }
}
