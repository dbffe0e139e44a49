/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.client.Admin.NodeInfo;
import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.QuorateClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Real processes, real disks, the real client and the real verbs, while records are written. */
@DisplayName("The members of a cluster of processes")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class MembersLiveTest {
    private static final Logger LOG = LoggerFactory.getLogger(MembersLiveTest.class);
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(60);
    private static final long RECORDS_PER_STEP = 2_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    private static List<NodeInfo> nodes(QuorateClient client) {
        return client.admin().describeCluster().nodes();
    }

    private static PartitionInfo partition(QuorateClient client) {
        return client.admin().describeTopic("orders").partitions().get(0);
    }

    private static void awaitPlaced(QuorateClient client, String what) {
        Await.until(what, CHANGE_LIMIT, () -> {
            PartitionInfo now = partition(client);
            return now.leaving().isEmpty() && now.joining().isEmpty() && now.leaderId() != 0;
        });
    }

    private static void wipe(Path data) throws IOException {
        try (Stream<Path> files = Files.walk(data)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private static void run(LiveCluster cluster, String... verb) {
        QuorateProcess.Outcome outcome = cluster.quorate(verb);
        assertEquals(0, outcome.exitCode(), () -> String.join(" ", verb) + ": " + outcome);
    }

    private static void tellPause(String step, NumberedLoad load) {
        LOG.info("{}: longest pause {} ms", step, load.longestPauseMillis());
    }

    private static boolean isActive(QuorateClient client, int id) {
        return nodes(client).stream()
                .anyMatch(info ->
                        info.nodeId() == id && info.up() && info.standing().equals("ACTIVE"));
    }

    private static boolean isGone(QuorateClient client, int id) {
        return nodes(client).stream().noneMatch(info -> info.nodeId() == id);
    }

    private static void join(LiveCluster cluster, QuorateClient client) {
        LiveCluster.Node node = cluster.prepare();
        run(cluster, "node", "add", node.id() + "=127.0.0.1:" + node.peerPort());
        node.start();
        Await.until("node " + node.id() + " is a member", CHANGE_LIMIT, () -> isActive(client, node.id()));
    }

    private static void assertOn(QuorateClient client, Integer... nodes) {
        assertEquals(
                new TreeSet<>(List.of(nodes)), new TreeSet<>(partition(client).replicas()));
    }

    @Test
    @DisplayName(
            "grow from three to five and back to the same three, and are replaced by others, the leader first, under load,"
                    + " and lose and double nothing")
    void growAndBackAndReplace() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            cluster.awaitLeader(client, "orders", 0, 1);
            PlannedChanges changes = new PlannedChanges(cluster, client);
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);
                tellPause("three nodes", load);
                join(cluster, client);
                load.awaitProgress("with node 4", RECORDS_PER_STEP);
                tellPause("node 4 has joined", load);
                changes.join();
                load.awaitProgress("with node 5", RECORDS_PER_STEP);
                tellPause("node 5 has joined", load);

                run(cluster, "topic", "move", "orders/0", "--replicas", "4,5,1");
                awaitPlaced(client, "the replicas are on 4, 5 and 1");
                assertOn(client, 1, 4, 5);
                load.awaitProgress("on 4, 5 and 1", RECORDS_PER_STEP);
                tellPause("moved to 4, 5 and 1", load);
                for (int id : List.of(4, 5)) {
                    run(cluster, "node", "remove", Integer.toString(id));
                    Await.until("node " + id + " is gone", CHANGE_LIMIT, () -> isGone(client, id));
                    load.awaitProgress("without node " + id, RECORDS_PER_STEP);
                    tellPause("node " + id + " removed", load);
                    cluster.node(id).process().kill();
                }

                load.awaitProgress("on 1, 2 and 3", RECORDS_PER_STEP);
                assertOn(client, 1, 2, 3);
                int leader = partition(client).leaderId();
                changes.join();
                run(cluster, "node", "replace", Integer.toString(leader), "--with", "6");
                Await.until("node " + leader + " is gone", CHANGE_LIMIT, () -> isGone(client, leader));
                cluster.node(leader).process().kill();
                load.awaitProgress("with node 6 in the place of node " + leader, RECORDS_PER_STEP);
                tellPause("the leader's node was replaced", load);

                // A machine that is lost for good.
                int lost = leader == 3 ? 2 : 3;
                cluster.node(lost).process().kill();
                changes.join();
                client.admin().replaceNode(lost, 7);
                Await.until("node " + lost + " is gone", CHANGE_LIMIT, () -> isGone(client, lost));
                load.awaitProgress("with node 7 in the place of node " + lost, RECORDS_PER_STEP);
                tellPause("a node that was killed was replaced", load);

                assertOn(client, 6 - leader - lost, 6, 7);
                load.finish();
                load.verify(0);
            } catch (AssertionError failure) {
                throw new AssertionError(failure.getMessage() + cluster.logs(), failure);
            }
        }
    }

    @Test
    @DisplayName(
            "include one that was killed and lost its disk only when it is readmitted, and lose and double nothing")
    void killedAndWiped() throws Exception {
        try (LiveCluster cluster = LiveCluster.start(directory, 3);
                QuorateClient client = cluster.connect(Duration.ofSeconds(10))) {
            client.admin().createTopic("orders", 1, 3);
            PartitionInfo led = cluster.awaitLeader(client, "orders", 0, 1);
            try (NumberedLoad load = new NumberedLoad(client, "orders", 0)) {
                load.awaitProgress("before anything happens", RECORDS_PER_STEP);
                int victim = led.leaderId();

                cluster.node(victim).process().kill();
                wipe(cluster.node(victim).data());
                cluster.node(victim).start();
                Await.until("the loss is seen", CHANGE_LIMIT, () -> nodes(client).stream()
                        .anyMatch(info ->
                                info.nodeId() == victim && info.standing().equals("LOST")));
                load.awaitProgress("without the leader that lost its disk", RECORDS_PER_STEP);
                tellPause("leader killed and wiped", load);
                String status = cluster.quorate("cluster", "status").toString();
                assertTrue(status.contains("quorate node readmit " + victim), status);
                assertFalse(Files.exists(cluster.node(victim).data().resolve("groups/1")));

                run(cluster, "node", "readmit", Integer.toString(victim));
                Await.until("it is a member again", CHANGE_LIMIT, () -> isActive(client, victim));
                awaitPlaced(client, "its replica is a member again");
                load.awaitProgress("with the readmitted node", RECORDS_PER_STEP);
                tellPause("readmitted", load);
                // It counts: another one may go.
                int other = victim == 1 ? 2 : 1;
                cluster.node(other).process().kill();
                load.awaitProgress("with the readmitted node and one more", RECORDS_PER_STEP);

                load.finish();
                load.verify(0);
            } catch (AssertionError failure) {
                throw new AssertionError(failure.getMessage() + cluster.logs(), failure);
            }
        }
    }
}
