/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.Prng;
import io.quorate.raft.log.LogEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * One replica of three has a bit flipped while it is stopped, again and again, everywhere in its log. So many places are
 * tried, evenly spread: {@code -Drepair.flips=8000} tries about every byte of what is written.
 */
@DisplayName("A bit that flips in one replica's log")
class FlippedBitsTest {
    private static final int FLIPS = Integer.getInteger("repair.flips", 150);
    private static final int BATCHES = 12;
    private static final Path DIRECTORY = Path.of("/data/groups/1");

    /** Nothing is read again by itself: damage is met by the start or by the reader. */
    private final VirtualCluster cluster = VirtualCluster.scrubbing(3, new ScrubSettings(0, 1));

    private final TopicPartition orders = cluster.topic("orders");
    private int quarantined;

    @Test
    @DisplayName("is mended by itself wherever it is: nothing is lost, no other byte is ever served")
    void everywhere() {
        for (int i = 0; i < BATCHES; i++) {
            cluster.append(orders, plain("record " + i + " of some length, so that a few frames share a sector"));
        }
        VirtualNode victim = cluster.node(3);
        List<LogEntry> all = read(cluster.leader(orders));
        assertEquals(BATCHES, all.size());
        Prng bits = new Prng(7);
        for (int flip = 0; flip < FLIPS; flip++) {
            awaitSame(victim);
            victim.kill();
            String where = flipOneBit(victim, flip, bits);
            victim.start();
            cluster.await(where + ": opened", () -> view(victim).isPresent());
            if (view(victim).orElseThrow().role() == ReplicaRole.QUARANTINED) {
                quarantined++;
            }
            awaitSame(victim);
            assertEquals(all, read(victim), where);
        }
        System.out.println(FLIPS + " flipped bits, " + quarantined + " times the replica was quarantined and repaired");
        assertTrue(quarantined > FLIPS / 10, quarantined + " quarantines");
        assertEquals(BATCHES, cluster.append(orders, plain("it goes on")).baseOffset);
    }

    /** In the part of the group's files that is written, at a place that moves from its beginning to its end. */
    private static String flipOneBit(VirtualNode node, int flip, Prng bits) {
        List<Path> files = node.disk().list(DIRECTORY).stream()
                .filter(name -> name.endsWith(".log") || name.endsWith(".index") || name.equals("hardstate"))
                .sorted()
                .map(DIRECTORY::resolve)
                .toList();
        long total = files.stream().mapToLong(file -> written(node, file)).sum();
        long at = total * flip / FLIPS;
        for (Path file : files) {
            int size = written(node, file);
            if (at < size) {
                node.disk().corrupt(file, (int) at, 1 << bits.nextInt(8));
                return file + " at " + at;
            }
            at -= size;
        }
        throw new IllegalStateException("no byte " + at);
    }

    private static int written(VirtualNode node, Path file) {
        byte[] contents = node.disk().contents(file);
        int size = contents.length;
        while (size > 0 && contents[size - 1] == 0) {
            size--;
        }
        return size;
    }

    private static Optional<GroupView> view(VirtualNode node) {
        return node.api().view().localGroups().stream()
                .filter(group -> group.groupId() == 1)
                .findFirst();
    }

    private void awaitSame(VirtualNode node) {
        cluster.await(
                node.id() + " has all",
                () -> VirtualCluster.localTail(node, orders) instanceof Result.Ok
                        && marks(node, orders).highWatermark() == BATCHES);
    }

    private List<LogEntry> read(VirtualNode node) {
        ReadSpec everything =
                new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);
        VirtualCluster.Collected read = cluster.read(node, orders, everything);
        assertNull(read.refusal);
        return read.entries;
    }
}
