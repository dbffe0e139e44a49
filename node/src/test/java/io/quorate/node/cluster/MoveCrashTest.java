/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A move of a replica")
class MoveCrashTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);
    private static final int RECORDS = 5;

    /** A move takes some 700 ms when nothing fails; its steps are some ms apart. */
    private static final int LAST_CRASH_MILLIS = 900;

    private static final int STEP_MILLIS = 45;

    private final VirtualCluster cluster = VirtualCluster.started(4);
    private final List<Integer> before;
    private final List<Integer> wanted;

    private enum Victim {
        SOURCE,
        TARGET,
        LEADER,
        METADATA_LEADER,
        ALL
    }

    MoveCrashTest() {
        cluster.create("t", 1, 3, 0).value();
        for (int number = 0; number < RECORDS; number++) {
            cluster.append(T0, VirtualCluster.plain("record " + number));
        }
        before = partition().replicas();
        int target = 10 - before.stream().mapToInt(Integer::intValue).sum();
        wanted = List.of(target, before.get(1), before.get(2));
    }

    private ClusterView.PartitionView partition() {
        return cluster.metadataLeader()
                .api()
                .view()
                .topics()
                .get(0)
                .partitions()
                .get(0);
    }

    private List<VirtualNode> nodes(Victim victim) {
        return switch (victim) {
            case SOURCE -> List.of(cluster.node(before.get(0)));
            case TARGET -> List.of(cluster.node(wanted.get(0)));
            case LEADER -> List.of(cluster.leader(T0));
            case METADATA_LEADER -> List.of(cluster.metadataLeader());
            case ALL -> cluster.all();
        };
    }

    static Stream<Arguments> crashes() {
        return Stream.of(Victim.values()).flatMap(victim -> IntStream.rangeClosed(0, LAST_CRASH_MILLIS / STEP_MILLIS)
                .mapToObj(step -> Arguments.of(victim, step * STEP_MILLIS)));
    }

    private void awaitPlacedWithAllRecords() {
        cluster.await("the replicas to be on " + wanted, () -> {
            ClusterView.PartitionView now = partition();
            return now.replicas().equals(wanted)
                    && now.leaving().isEmpty()
                    && now.joining().isEmpty();
        });
        long group = partition().groupId();
        VirtualNode source = cluster.node(before.get(0));
        cluster.await(
                "the source to hold nothing",
                () -> source.api().isReady()
                        && source.api().view().localGroups().stream().noneMatch(held -> held.groupId() == group));
        cluster.append(T0, VirtualCluster.plain("after"));
        assertEquals(
                RECORDS + 1,
                cluster.read(cluster.leader(T0), T0, VirtualCluster.from(0))
                        .entries
                        .size());
        assertTrue(wanted.contains(cluster.leader(T0).id().value()));
        for (int node : wanted) {
            cluster.await(
                    "node " + node + " to have all",
                    () -> VirtualCluster.localTail(cluster.node(node), T0)
                                    instanceof io.quorate.node.api.Result.Ok<?> ok
                            && ((io.quorate.node.api.Marks) ok.value()).highWatermark() == RECORDS + 1);
        }
    }

    @ParameterizedTest(name = "{0} after {1} ms")
    @MethodSource("crashes")
    @DisplayName("is finished, with every record, whoever loses power when")
    void crash(Victim victim, int afterMillis) {
        cluster.change(new ClusterChange.MovePartition("t", 0, wanted)).value();
        cluster.run(afterMillis);
        List<VirtualNode> victims = new ArrayList<>(nodes(victim));

        victims.forEach(VirtualNode::crash);
        cluster.run(victim == Victim.ALL ? 10 : 1_500);
        victims.forEach(VirtualNode::start);
        cluster.awaitReady();

        awaitPlacedWithAllRecords();
    }

    static Stream<Integer> losses() {
        return IntStream.rangeClosed(0, 6).mapToObj(step -> step * 150);
    }

    @ParameterizedTest(name = "after {0} ms")
    @MethodSource("losses")
    @DisplayName("is finished though its target loses its disk on the way, once that is readmitted")
    void lostDisk(int afterMillis) {
        cluster.change(new ClusterChange.MovePartition("t", 0, wanted)).value();
        cluster.run(afterMillis);
        VirtualNode target = cluster.node(wanted.get(0));

        target.crash();
        target.loseDisk();
        target.start();
        cluster.await("the loss to be seen", () -> cluster.metadataLeader().api().view().nodes().stream()
                .anyMatch(node -> node.nodeId() == wanted.get(0) && node.standing() == ClusterView.Standing.LOST));
        cluster.change(new ClusterChange.ReadmitNode(wanted.get(0))).value();
        cluster.awaitReady();

        awaitPlacedWithAllRecords();
    }
}
