/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.testing.QueuedLoop;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a node knows of the room on its disk")
class DiskSpaceTest {
    private static final long MIB = 1 << 20;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final QueuedLoop loop = new QueuedLoop();
    private final Queue<Runnable> inBackground = new ArrayDeque<>();

    private final DiskSpace space = new DiskSpace(
            new NodeId(1),
            loop.guarded(),
            inBackground::add,
            disk,
            Path.of("/data"),
            new DiskLimits(20, 24 * MIB, 16 * MIB, 100),
            ReplicaObserver.NONE);

    @BeforeEach
    void knowsOfTwentyMebibytes() {
        disk.leaveFree(20 * MIB);
        space.start(level -> {});
        answer();
    }

    private void answer() {
        while (!inBackground.isEmpty() || loop.waiting() > 0) {
            if (inBackground.isEmpty()) {
                loop.runNext();
            } else {
                inBackground.poll().run();
            }
        }
    }

    @Test
    @DisplayName("is less what it handed over to be written since, also before the disk has answered again")
    void doesNotWaitForTheDisk() {
        space.handedOver(3 * MIB);
        assertFalse(space.isFull());
        space.handedOver(2 * MIB);
        assertEquals(1, inBackground.size(), "the disk was asked, but has not answered");
        assertTrue(space.isFull());
        assertEquals(15 * MIB, space.freeBytes());
        space.handedOver(8 * MIB);
        assertTrue(space.isExhausted());
    }

    @Test
    @DisplayName("does not forget, when the disk answers, what was handed over after the question")
    void answersAreAsOldAsTheQuestion() {
        space.handedOver(5 * MIB);
        inBackground.poll().run();
        space.handedOver(3 * MIB);
        answer();
        assertEquals(17 * MIB, space.freeBytes(), "20 as the disk said, less 3");
    }

    @Test
    @DisplayName("is what the disk says, when that is more than was feared")
    void theDiskKnowsBetter() {
        space.handedOver(5 * MIB);
        assertTrue(space.isFull());
        disk.leaveFree(40 * MIB);
        answer();
        assertFalse(space.isFull());
        assertEquals(40 * MIB, space.freeBytes());
    }
}
