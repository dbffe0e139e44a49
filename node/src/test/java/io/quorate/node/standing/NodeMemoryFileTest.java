/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.io.DiskFile;
import io.quorate.logstore.sim.SimulatedCrash;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

@DisplayName("What a node must not forget of the others")
class NodeMemoryFileTest {
    private static final Path ROOT = Path.of("/data");
    private static final NodeId N2 = new NodeId(2);
    private static final NodeMemory MET_ONE = new NodeMemory(
                    OptionalInt.of(1), List.of(new NodeId(1), N2), new TreeMap<>())
            .with(N2, new NodeMemory.Known(3, -77, "host:7501"));
    private static final NodeMemory MET_TWO = MET_ONE.with(new NodeId(3), new NodeMemory.Known(0, 12, ""));

    private static SimulatedDisk disk(long seed) throws IOException {
        SimulatedDisk disk = new SimulatedDisk(seed);
        disk.createDirectories(ROOT);
        return disk;
    }

    @Test
    @DisplayName("is nothing at first, and then what was written last")
    void roundTrip() throws IOException {
        SimulatedDisk disk = disk(1);
        NodeMemoryFile file = new NodeMemoryFile(disk, ROOT);

        assertEquals(Optional.empty(), file.read());
        file.write(MET_ONE);
        file.write(MET_TWO);

        assertEquals(Optional.of(MET_TWO), new NodeMemoryFile(disk, ROOT).read());
    }

    @Test
    @DisplayName("is never read from a file in which any byte is wrong")
    void everyByte() throws IOException {
        SimulatedDisk disk = disk(1);
        NodeMemoryFile file = new NodeMemoryFile(disk, ROOT);
        file.write(MET_TWO);
        Path path = ROOT.resolve(NodeMemoryFile.NAME);
        try (DiskFile bytes = disk.open(path)) {
            for (long position = 0; position < bytes.size(); position++) {
                flip(bytes, position);
                assertThrows(CorruptLogException.class, file::read, "byte " + position);
                flip(bytes, position);
            }
        }

        assertEquals(Optional.of(MET_TWO), file.read());
    }

    private static void flip(DiskFile file, long position) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        file.read(one, position);
        one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
        one.limit(1);
        file.write(one, position);
    }

    @RepeatedTest(12)
    @DisplayName("is the old or the new, wherever the power fails")
    void powerLoss(RepetitionInfo repetition) throws IOException {
        SimulatedDisk disk = disk(repetition.getCurrentRepetition());
        new NodeMemoryFile(disk, ROOT).write(MET_ONE);
        disk.crashAfter(repetition.getCurrentRepetition());
        boolean written = false;
        try {
            new NodeMemoryFile(disk, ROOT).write(MET_TWO);
            written = true;
        } catch (SimulatedCrash powerLost) {
            // What is on the disk now is what matters.
        }
        if (!disk.isDown()) {
            disk.crash();
        }

        NodeMemory found = new NodeMemoryFile(disk.reopen(), ROOT).read().orElseThrow();

        assertTrue(found.equals(MET_TWO) || !written && found.equals(MET_ONE), () -> "found " + found);
    }
}
