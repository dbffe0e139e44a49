/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.logstore.DataDirectory;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.testing.QueuedLoop;
import io.quorate.raft.Membership;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of logs when the registry of a node is behind them. No replica is running here. */
@DisplayName("A log of a later stay than the registry knows")
class LocalReplicasTest {
    private static final long GROUP = 7;
    private static final int LATER = 5;
    private static final NodeId SELF = new NodeId(1);

    private final QueuedLoop loop = new QueuedLoop();
    private final ArrayDeque<Runnable> backgroundTasks = new ArrayDeque<>();
    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final GroupDirectories directories = new GroupDirectories(
            disk,
            DataDirectory.open(disk, Path.of("/data"), "test", 1, 42),
            "test",
            SELF,
            new LogStoreConfig(4096, 0, 256),
            Runnable::run);
    /** Nobody asks for what a running replica shares. */
    private final ReplicaHost host = new ReplicaHost(
            SELF,
            loop.guarded(),
            null,
            null,
            null,
            null,
            null,
            backgroundTasks::add,
            null,
            null,
            null,
            null,
            null,
            null,
            ReplicaObserver.NONE);

    private final LocalReplicas replicas = new LocalReplicas(host, directories, backgroundTasks::add, new Prng(1));

    LocalReplicasTest() {
        directories.openStay(GROUP, LATER).orElseThrow().store().close();
        replicas.removeLeftovers(groups -> List.of(), groupId -> OptionalInt.empty());
        settle();
        assertEquals(List.of(GROUP), directories.groups());
    }

    private void settle() {
        loop.runAll();
        while (!backgroundTasks.isEmpty()) {
            backgroundTasks.poll().run();
            loop.runAll();
        }
    }

    private void want(int stay) {
        Membership members = new Membership(List.of(SELF));
        replicas.want(new LocalReplicas.Wanted(
                new GroupName(GROUP, "t", 0),
                MemberId.of(SELF, stay),
                members,
                members,
                stay,
                SELF,
                1024,
                Retention.FOR_EVER));
    }

    @Test
    @DisplayName("goes when a snapshot of the registry leads over all of its changes to the end of that stay")
    void wantedFromThePast() {
        want(0);
        settle();

        replicas.leave(GROUP, LATER + 1);
        settle();

        assertEquals(List.of(), directories.groups());
    }

    @Test
    @DisplayName("goes when the registry comes to the end of that stay while that of an earlier one is being noted")
    void endsOverlap() {
        want(0);
        settle();

        replicas.leave(GROUP, 1);
        replicas.leave(GROUP, LATER + 1);
        settle();

        assertEquals(List.of(), directories.groups());
    }

    @Test
    @DisplayName("stays when the registry comes to the end of an earlier one, and goes with its own")
    void oneAfterTheOther() {
        want(0);
        settle();

        replicas.leave(GROUP, 1);
        settle();
        assertEquals(List.of(GROUP), directories.groups());

        replicas.leave(GROUP, LATER + 1);
        settle();
        assertEquals(List.of(), directories.groups());
    }
}
