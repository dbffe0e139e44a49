/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.seam.Clock;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.PeerMessage.Standing;
import io.quorate.node.seam.PeerMessage.Standing.Verdict;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A node that is told of a peer's storage")
class PeerGuardTest {
    private static final Path ROOT = Path.of("/data");
    private static final NodeId SELF = new NodeId(1);
    private static final NodeId PEER = new NodeId(3);
    private static final long STORAGE = 77;
    private static final long OTHER_STORAGE = 88;

    private final Deque<Runnable> loopTasks = new ArrayDeque<>();
    private final Deque<Runnable> writes = new ArrayDeque<>();
    private final List<PeerMessage> sent = new ArrayList<>();
    private final Map<NodeId, Registrations.Registration> registry = new HashMap<>();
    private PeerGuard guard;

    @BeforeEach
    void start() throws IOException {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.createDirectories(ROOT);
        GuardedLoop loop = new GuardedLoop(new Queue(), bug -> {
            throw new AssertionError(bug);
        });
        DurableMemory memory = new DurableMemory(loop, writes::add, new NodeMemoryFile(disk, ROOT), NodeMemory.EMPTY);
        guard = new PeerGuard(
                SELF,
                memory,
                List.of(SELF, new NodeId(2), PEER),
                node -> Optional.ofNullable(registry.get(node)),
                (to, message) -> sent.add(message));
    }

    private final class Queue implements EventLoop {
        @Override
        public void execute(Runnable task) {
            loopTasks.add(task);
        }

        @Override
        public Timer schedule(long delayNanos, Runnable task) {
            throw new AssertionError("nothing here waits for a time");
        }

        @Override
        public Clock clock() {
            throw new AssertionError("nothing here reads a clock");
        }

        @Override
        public boolean inEventLoop() {
            return true;
        }
    }

    /** All writes that are under way reach the disk. */
    private void diskWrites() {
        while (!writes.isEmpty() || !loopTasks.isEmpty()) {
            (writes.isEmpty() ? loopTasks : writes).poll().run();
        }
    }

    private boolean says(OptionalInt admission, long incarnation) {
        return guard.onStatus(
                PEER, new PeerMessage.Status("", incarnation, List.of(), true, false, false, admission, ""));
    }

    private boolean isMember(int admission, long incarnation) {
        return says(OptionalInt.of(admission), incarnation);
    }

    private void asks(long incarnation) {
        says(OptionalInt.empty(), incarnation);
    }

    @Test
    @DisplayName("answers whoever asks only once its own disk will remember what it answers")
    void answersWhenDurable() {
        asks(STORAGE);
        assertEquals(List.of(), sent);

        diskWrites();

        assertEquals(List.of(new Standing(STORAGE, Verdict.FIRST, 0, 0)), sent);
    }

    @Test
    @DisplayName("owes a peer that asks again and again one answer")
    void oneAnswer() {
        for (int i = 0; i < 100; i++) {
            asks(STORAGE);
        }

        diskWrites();

        assertEquals(1, sent.size());
    }

    @Test
    @DisplayName("believes a member once its own disk will know that storage again")
    void trustsWhenDurable() {
        assertFalse(isMember(0, STORAGE));
        assertFalse(guard.trusts(PEER));

        diskWrites();

        assertTrue(guard.trusts(PEER));
        assertTrue(isMember(0, STORAGE));
    }

    @Test
    @DisplayName("does not believe other storage under the same admission, and tells it so")
    void otherStorage() {
        isMember(0, STORAGE);
        diskWrites();

        assertFalse(isMember(0, OTHER_STORAGE));

        assertFalse(guard.trusts(PEER));
        assertEquals(List.of(new Standing(OTHER_STORAGE, Verdict.LOST, 0, STORAGE)), sent);
        assertTrue(isMember(0, STORAGE), "the one that it knows is still believed");
    }

    @Test
    @DisplayName("does not believe storage that was replaced, when it comes back")
    void oldStorageComesBack() {
        isMember(0, STORAGE);
        diskWrites();
        isMember(1, OTHER_STORAGE);
        diskWrites();
        assertTrue(guard.trusts(PEER));

        assertFalse(isMember(0, STORAGE));

        assertFalse(guard.trusts(PEER));
        assertEquals(List.of(new Standing(STORAGE, Verdict.LOST, 1, OTHER_STORAGE)), sent);
    }

    @Test
    @DisplayName("does not believe a known peer any more that asks with an empty disk")
    void emptyDisk() {
        isMember(0, STORAGE);
        diskWrites();

        asks(OTHER_STORAGE);
        diskWrites();

        assertFalse(guard.trusts(PEER));
        assertEquals(List.of(new Standing(OTHER_STORAGE, Verdict.LOST, 0, STORAGE)), sent);
    }

    @Test
    @DisplayName("admits storage that the registry has readmitted")
    void readmitted() {
        isMember(0, STORAGE);
        diskWrites();
        registry.put(PEER, new Registrations.Registration(1, OTHER_STORAGE, false));

        asks(OTHER_STORAGE);
        guard.onRegistered(PEER);
        diskWrites();

        assertEquals(List.of(new Standing(OTHER_STORAGE, Verdict.ADMITTED, 1, 0)), sent);
        assertTrue(isMember(1, OTHER_STORAGE));
        assertFalse(isMember(0, STORAGE));
    }

    @Test
    @DisplayName("does not believe a node that was removed from the cluster, and tells it so")
    void removed() {
        isMember(0, STORAGE);
        diskWrites();
        registry.put(PEER, new Registrations.Registration(0, STORAGE, true));

        assertFalse(isMember(0, STORAGE));

        assertFalse(guard.trusts(PEER));
        assertEquals(List.of(new Standing(STORAGE, Verdict.REMOVED, 0, 0)), sent);
    }

    @Test
    @DisplayName("does not know a node that neither the registry nor the configuration names")
    void unknown() {
        NodeId stranger = new NodeId(9);

        guard.onStatus(
                stranger, new PeerMessage.Status("", STORAGE, List.of(), true, false, false, OptionalInt.empty(), ""));
        diskWrites();

        assertEquals(List.of(new Standing(STORAGE, Verdict.UNKNOWN, 0, 0)), sent);
        assertFalse(guard.trusts(stranger));
    }
}
