/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.marks;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.refusalOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A replica that was repaired while it ran")
class RepairedReplicaTest {
    private static final int BATCHES = 20;
    private static final int REPAIRS = 3;
    private static final Path DIRECTORY = Path.of("/data/groups/1");

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");

    private static GroupView view(VirtualNode node) {
        return node.api().view().localGroups().get(0);
    }

    private static List<Path> segments(VirtualNode node) {
        return node.disk().list(DIRECTORY).stream()
                .filter(name -> name.endsWith(".log"))
                .sorted()
                .map(DIRECTORY::resolve)
                .toList();
    }

    private VirtualCluster.Collected readAllLocally(VirtualNode node) {
        return cluster.read(
                node,
                orders,
                new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL));
    }

    private VirtualNode followerWithAll() {
        for (int i = 0; i < BATCHES; i++) {
            cluster.append(orders, plain(i + "x".repeat(40_000)));
        }
        VirtualNode follower = cluster.follower(orders);
        cluster.await("it has all", () -> marks(follower, orders).highWatermark() == BATCHES);
        return follower;
    }

    /** Damages the first segment, and lets a reader find that. */
    private void damage(VirtualNode node) {
        node.disk().corrupt(segments(node).get(0), 64_096, 4);
        assertEquals(Reason.CORRUPT_REPLICA, readAllLocally(node).refusal.reason());
    }

    /** Waits until the others have given back what is gone. */
    private void awaitRepair(VirtualNode node) {
        cluster.await("it is repaired", () -> view(node).role() == ReplicaRole.FOLLOWER);
    }

    @Test
    @DisplayName("even before its next tick counts time as before: cut off, it campaigns no earlier than others would")
    void countsTimeOnce() {
        VirtualNode follower = followerWithAll();
        for (int i = 0; i < REPAIRS; i++) {
            damage(follower);
            awaitRepair(follower);
        }
        cluster.append(orders, plain("so that the group does not rest"));

        cluster.network().isolate(follower.id());
        long cutOff = cluster.nowMillis();
        cluster.await("it looks for another leader", () -> view(follower).role() == ReplicaRole.PRE_CANDIDATE);

        long silence = VirtualCluster.RAFT.electionTimeoutTicks() * (long) VirtualCluster.TICK_MILLIS;
        long heartbeat = VirtualCluster.RAFT.heartbeatTicks() * (long) VirtualCluster.TICK_MILLIS;
        long patience = cluster.nowMillis() - cutOff;
        assertTrue(patience >= silence - heartbeat, "it campaigned after " + patience + " ms without its leader");
    }

    @Test
    @DisplayName(
            "behind a snapshot, as the others had trimmed what it lacked, has its beginning there, though it has not"
                    + " heard of the trim: nothing that is gone is passed over in silence")
    void beginsBehindItsSnapshot() {
        VirtualNode follower = followerWithAll();
        cluster.network().isolate(follower.id());
        damage(follower);
        cluster.trim(orders, BATCHES).value();
        cluster.await("the others have deleted what they could", () -> cluster.running().stream()
                .allMatch(node -> node == follower
                        || segments(node).size() < segments(follower).size()));

        cluster.network().heal(follower.id());
        awaitRepair(follower);

        Marks marks = marks(follower, orders);
        assertTrue(
                marks.lowWatermark() > 0 && marks.lowWatermark() < BATCHES,
                "it has some records, and has not heard of the trim: " + marks);
        List<Result<FoundOffset>> found = new ArrayList<>();
        follower.api().findOffset(orders, 0, ReadConsistency.LOCAL, found::add);
        ReadSpec fromStart =
                new ReadSpec(new ReadSpec.From.Offset(0), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);
        assertEquals(
                Reason.TRIMMED,
                refusalOf(follower.api().read(orders, fromStart, new VirtualCluster.Collected()))
                        .reason());
        cluster.await("an answer", () -> !found.isEmpty());
        FoundOffset first = ((Result.Ok<FoundOffset>) found.get(0)).value();
        assertTrue(
                first.offset() >= first.marks().lowWatermark() && first.marks().lowWatermark() > 0, first.toString());
    }
}
