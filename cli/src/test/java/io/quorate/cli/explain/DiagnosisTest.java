/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.explain.Finding.Cause;
import io.quorate.v1.DiskSpace;
import io.quorate.v1.EventKind;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

@DisplayName("An explanation")
class DiagnosisTest {
    private enum How {
        WELL,
        DEGRADED,
        OUTAGE
    }

    /**
     * @param causes of all findings, the worst first
     * @param says   what is to be read somewhere in sentences, evidence, next actions or history
     */
    private record Case(String situation, World world, How how, List<Cause> causes, List<String> says) {}

    private static final EventKind REFUSED_VOTE = EventKind.EVENT_KIND_VOTE_REFUSED;

    private static List<Case> cases() {
        return List.of(
                new Case(
                        "all well",
                        new World(),
                        How.WELL,
                        List.of(),
                        List.of(
                                "demo/0 is led by node 2 in generation 4: appends and reads are served, all 3 replicas")),
                new Case(
                        "no quorum: two of three nodes are down",
                        new World().down(2).down(3),
                        How.OUTAGE,
                        List.of(Cause.NO_QUORUM),
                        List.of(
                                "demo/0 has no leader and can have none: 1 of its 3 replicas can take part, 2 are needed",
                                "appends and default reads wait for nodes 2 and 3, of which at least 1 must come back",
                                "node 2 is down, last heard of 12 s ago",
                                "node 3 is down, last heard of 12 s ago",
                                "12 s ago node 1 lost the connection with node 3",
                                "bring back one of nodes 2 and 3")),
                new Case(
                        "no quorum: one node is down and a replica has failed",
                        new World().down(2).failed(3, "damaged at 4096"),
                        How.OUTAGE,
                        List.of(Cause.NO_QUORUM, Cause.REPLICA_FAILED),
                        List.of(
                                "the replica on node 3 has failed: damaged at 4096",
                                "60 s ago node 3 gave up its replica: damaged at 4096",
                                "look at the disk of node 3")),
                new Case(
                        "a node has lost its disk",
                        new World().lostDisk(3),
                        How.DEGRADED,
                        List.of(Cause.NODE_LOST_ITS_DISK),
                        List.of("node 3 has lost its disk", "quorate node readmit 3")),
                new Case(
                        "no quorum: one node is down and another has lost its disk",
                        new World().down(2).lostDisk(3),
                        How.OUTAGE,
                        List.of(Cause.NO_QUORUM, Cause.NODE_LOST_ITS_DISK),
                        List.of(
                                "1 of its 3 replicas can take part, 2 are needed",
                                "node 3 has lost its disk",
                                "node 2 is down, last heard of 12 s ago",
                                "bring back node 2")),
                new Case(
                        "the only node left still believes that it leads",
                        new World().down(1).down(3),
                        How.OUTAGE,
                        List.of(Cause.NO_QUORUM, Cause.LEADER_WITHOUT_MAJORITY),
                        List.of("node 2 leads generation 4 but reaches no majority", "node 1 has index 100")),
                new Case(
                        "a leader that hears none of its followers, though all nodes answer here",
                        new World().follower(1, 100, -1, 9_000, true).follower(3, 100, -1, 8_000, true),
                        How.OUTAGE,
                        List.of(Cause.LEADER_WITHOUT_MAJORITY),
                        List.of("the leader, node 2, has not heard from nodes 1 and 3", "heard of 9 s ago")),
                new Case(
                        "an election with refused votes",
                        new World()
                                .nobodyLeads()
                                .down(2)
                                .campaigns(1, 6)
                                .logEnds(1, 90, 3)
                                .event(3, 500, REFUSED_VOTE, World.GROUP, 1, "log 4/100 is newer than 3/90")
                                .event(3, 90_000, REFUSED_VOTE, World.GROUP, 2, "long ago"),
                        How.OUTAGE,
                        List.of(Cause.ELECTION, Cause.NODE_DOWN),
                        List.of(
                                "node 1 stands for election in generation 6 and has no majority of votes yet",
                                "500 ms ago node 3 refused its vote to node 1: log 4/100 is newer than 3/90",
                                "the log of node 1 ends at index 90 of generation 3",
                                "the log of node 3 ends at index 100 of generation 4")),
                new Case(
                        "nobody stands for election yet",
                        new World().nobodyLeads(),
                        How.OUTAGE,
                        List.of(Cause.NO_LEADER),
                        List.of("nobody stands for election yet", "ask again in a second")),
                new Case(
                        "nobody leads, because disks keep the others from standing",
                        new World().nobodyLeads().down(1).stalled(2, 5_000).stalled(3, 6_000),
                        How.OUTAGE,
                        List.of(Cause.NO_LEADER, Cause.NODE_DOWN, Cause.DISK_STALLED, Cause.DISK_STALLED),
                        List.of(
                                "the disk keeps nodes 2 and 3 from standing for election",
                                "the disk of node 2 has not answered for 5 s")),
                new Case(
                        "a leader that still applies what it inherited",
                        new World().recovering(2),
                        How.OUTAGE,
                        List.of(Cause.LEADER_RECOVERING),
                        List.of("index 3 of 100")),
                new Case(
                        "a former leader that is cut off",
                        new World().leads(1, 3).cutOff(1).follower(1, 60, 30_000, 30_000, false),
                        How.DEGRADED,
                        List.of(Cause.FORMER_LEADER, Cause.FOLLOWER_LAGS, Cause.NODE_CUT_OFF),
                        List.of(
                                "node 1 still believes that it leads generation 3, which is over",
                                "refused as FENCED",
                                "mend the network between node 1 and its peers")),
                new Case(
                        "the leader's disk is full",
                        new World()
                                .disk(2, DiskSpace.DISK_SPACE_FULL, 10 << 20)
                                .event(2, 300_000, EventKind.EVENT_KIND_DISK_FULL, -1, 0, ""),
                        How.OUTAGE,
                        List.of(Cause.DISK_FULL),
                        List.of(
                                "appends are refused as DISK_FULL, because the disks of node 2 are",
                                "node 2 has 10 MiB free, too little since 5 min ago",
                                "make room on")),
                new Case(
                        "a follower's disk is full",
                        new World().disk(3, DiskSpace.DISK_SPACE_FULL, 10 << 20),
                        How.DEGRADED,
                        List.of(Cause.DISK_FULL),
                        List.of("the disk of node 3 is full: it stores no records")),
                new Case(
                        "the disks of both followers are full",
                        new World()
                                .disk(1, DiskSpace.DISK_SPACE_FULL, 9 << 20)
                                .disk(3, DiskSpace.DISK_SPACE_FULL, 10 << 20),
                        How.OUTAGE,
                        List.of(Cause.DISK_FULL),
                        List.of("the disks of nodes 1 and 3 are", "node 1 has 9216 KiB free")),
                new Case(
                        "a disk is nearly full",
                        new World().disk(1, DiskSpace.DISK_SPACE_LOW, 500 << 20),
                        How.DEGRADED,
                        List.of(Cause.DISK_LOW),
                        List.of("the disk of node 1 is nearly full", "node 1 has 500 MiB free")),
                new Case(
                        "the leader's disk does not answer",
                        new World().stalled(2, 7_000).event(2, 6_500, EventKind.EVENT_KIND_DISK_STALLED, -1, 0, ""),
                        How.OUTAGE,
                        List.of(Cause.DISK_STALLED),
                        List.of(
                                "the disk of node 2 has not answered for 7 s, so that the node leads nothing",
                                "6 s ago node 2 got no answer from its disk any more")),
                new Case(
                        "a replica that has failed",
                        new World().failed(3, "group 7: a flush failed"),
                        How.DEGRADED,
                        List.of(Cause.REPLICA_FAILED),
                        List.of(
                                "the replica on node 3 has failed and neither votes nor serves: group 7: a flush failed")),
                new Case(
                        "a replica whose log is damaged",
                        new World().quarantined(3, "CORRUPT at position 8192, index 7: ROT"),
                        How.DEGRADED,
                        List.of(Cause.REPLICA_QUARANTINED),
                        List.of(
                                "the log on node 3 is damaged; its replica neither votes nor serves until it has been repaired"
                                        + " from the others: CORRUPT at position 8192, index 7: ROT",
                                "found its replica's log damaged")),
                new Case(
                        "a replica that is still being opened",
                        new World().notOpened(1),
                        How.DEGRADED,
                        List.of(Cause.REPLICA_NOT_OPEN),
                        List.of("node 1 is up but has not opened its replica yet")),
                new Case(
                        "a follower that is slow",
                        new World().follower(3, 40, 45_000, 20, true),
                        How.DEGRADED,
                        List.of(Cause.FOLLOWER_LAGS),
                        List.of(
                                "node 3 is 60 entries (about 60 MiB) behind the leader, and has been behind for 45 s",
                                "does not take it as fast as it comes",
                                "the leader's log ends at index 100, committed up to 100",
                                "node 3 has index 40, heard of 20 ms ago")),
                new Case(
                        "a follower that is behind because its disk does not answer",
                        new World().stalled(3, 4_000).follower(3, 99, 4_000, 20, true),
                        How.DEGRADED,
                        List.of(Cause.FOLLOWER_LAGS, Cause.DISK_STALLED),
                        List.of("node 3 is 1 entries (about 1024 KiB) behind", "its disk does not answer")),
                new Case(
                        "a follower that is behind because it is down",
                        new World().down(3).follower(3, 90, 12_000, 12_000, false),
                        How.DEGRADED,
                        List.of(Cause.FOLLOWER_LAGS, Cause.NODE_DOWN),
                        List.of(
                                "node 3 is 10 entries (about 10 MiB) behind the leader, and has been behind for 12 s: node 3 is"
                                        + " down, last heard of 12 s ago",
                                "start node 3; it catches up by itself")),
                new Case(
                        "a follower that has only just fallen behind",
                        new World().follower(3, 98, 1_100, 20, true),
                        How.WELL,
                        List.of(),
                        List.of("all 3 replicas are there")),
                new Case(
                        "a node that its peers hear, but not whoever asks",
                        new World().silent(1),
                        How.WELL,
                        List.of(Cause.NODE_SILENT),
                        List.of("node 1 does not answer here, though its peers hear it")),
                new Case(
                        "requests were refused lately",
                        new World()
                                .event(
                                        2,
                                        3_000,
                                        EventKind.EVENT_KIND_REQUESTS_REFUSED,
                                        World.GROUP,
                                        0,
                                        "812 × OVERLOADED: full"),
                        How.WELL,
                        List.of(Cause.REQUESTS_REFUSED),
                        List.of("3 s ago node 2 refused requests: 812 × OVERLOADED: full")),
                new Case(
                        "the registry has no leader",
                        new World().withoutRegistryLeader(),
                        How.DEGRADED,
                        List.of(Cause.REGISTRY_WITHOUT_LEADER),
                        List.of("topics cannot be created, altered or deleted")),
                new Case(
                        "no such topic",
                        new World().withoutTopic(),
                        How.OUTAGE,
                        List.of(Cause.UNKNOWN_TOPIC),
                        List.of(
                                "no node that answers knows a topic demo",
                                "asked: nodes 1, 2 and 3",
                                "topic create demo")),
                new Case(
                        "no such topic as far as nodes know that hear of no changes",
                        new World().withoutTopic().withoutRegistryLeader().down(3),
                        How.OUTAGE,
                        List.of(Cause.UNKNOWN_TOPIC),
                        List.of("the registry of topics has no leader now")),
                new Case(
                        "a deleted topic",
                        new World()
                                .withoutTopic()
                                .event(2, 240_000, EventKind.EVENT_KIND_TOPIC_DELETED, 7, 0, "demo/0"),
                        How.OUTAGE,
                        List.of(Cause.TOPIC_DELETED),
                        List.of(
                                "topic demo was deleted",
                                "4 min ago node 2 learnt that the topic was deleted: demo/0")),
                new Case(
                        "a topic that was deleted and created again",
                        new World().event(1, 5_000, EventKind.EVENT_KIND_TOPIC_DELETED, 3, 0, "demo/0"),
                        How.WELL,
                        List.of(Cause.TOPIC_RECREATED),
                        List.of("refused as TOPIC_RECREATED", "5 s ago node 1 learnt")),
                new Case(
                        "what happened before is shown when something is amiss",
                        new World()
                                .down(3)
                                .event(
                                        2,
                                        7_000,
                                        EventKind.EVENT_KIND_BECAME_LEADER,
                                        World.GROUP,
                                        0,
                                        "log ends at index 99"),
                        How.DEGRADED,
                        List.of(Cause.NODE_DOWN),
                        List.of("7 s ago node 2 became the leader: log ends at index 99", "start node 3")));
    }

    @TestFactory
    @DisplayName("names what is the case, shows it, and says what to do:")
    Stream<DynamicTest> table() {
        return cases().stream().map(each -> DynamicTest.dynamicTest(each.situation(), () -> check(each)));
    }

    private static void check(Case expected) {
        List<Explanation> explanations = TopicDiagnosis.of(expected.world().evidence(), "demo", OptionalInt.empty());
        assertEquals(1, explanations.size());
        Explanation found = explanations.get(0);
        String text = text(found);
        How how = found.isWell() ? How.WELL : found.isOutage() ? How.OUTAGE : How.DEGRADED;

        assertEquals(
                expected.causes(), found.findings().stream().map(Finding::cause).toList(), text);
        assertEquals(expected.how(), how, text);
        assertAll(expected.says().stream()
                .map(said -> () -> assertTrue(text.contains(said), said + "\nnot in\n" + text)));
        assertAll(found.findings().stream()
                .filter(finding -> finding.severity() == Finding.Severity.WARNING
                        && finding.cause() != Cause.REGISTRY_WITHOUT_LEADER)
                .map(finding -> () -> assertTrue(!finding.next().isEmpty(), finding::toString)));
    }

    private static String text(Explanation explanation) {
        return explanation.sentence() + "\n"
                + explanation.findings().stream()
                        .map(finding -> finding.cause() + ": " + finding.sentence() + "\n  "
                                + String.join("\n  ", finding.evidence()) + "\n  → " + finding.next() + "\n")
                        .collect(Collectors.joining())
                + String.join("\n", explanation.history());
    }

    @TestFactory
    @DisplayName("knows which partitions there are:")
    Stream<DynamicTest> partitions() {
        Evidence evidence = new World().evidence();
        return Stream.of(
                DynamicTest.dynamicTest(
                        "the one that is asked for",
                        () -> assertEquals(
                                "demo/0",
                                TopicDiagnosis.of(evidence, "demo", OptionalInt.of(0))
                                        .get(0)
                                        .subject())),
                DynamicTest.dynamicTest("not one that is not there", () -> {
                    Explanation unknown = TopicDiagnosis.of(evidence, "demo", OptionalInt.of(3))
                            .get(0);
                    assertEquals("topic demo has partitions 0 to 0, not 3", unknown.sentence());
                    assertTrue(unknown.isUnknown());
                }));
    }
}
