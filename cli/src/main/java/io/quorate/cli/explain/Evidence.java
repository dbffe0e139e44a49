/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import io.quorate.cli.cluster.ClusterSnapshot;
import io.quorate.cli.events.EventPrinter.Located;
import io.quorate.cli.events.EventText;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import io.quorate.v1.Group;
import io.quorate.v1.ListEventsResponse;
import io.quorate.v1.Topic;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** What all nodes that can be reached tell: how they see the cluster now, and what has happened on them lately. */
final class Evidence {
    private final TreeMap<Integer, DescribeClusterResponse> answers;
    private final TreeMap<Integer, ListEventsResponse> told;
    private final ClusterSnapshot cluster;
    private final List<Located> events = new ArrayList<>();

    /**
     * @param answers by node, at least one
     * @param told    by node; a node may have answered one question and not the other
     */
    Evidence(Map<Integer, DescribeClusterResponse> answers, Map<Integer, ListEventsResponse> told) {
        this.answers = new TreeMap<>(answers);
        this.told = new TreeMap<>(told);
        this.cluster = ClusterSnapshot.of(this.answers.values());
        this.told.forEach(
                (node, answer) -> answer.getEventsList().forEach(event -> events.add(new Located(node, event))));
        events.sort(Comparator.comparingLong(located -> located.event().getTimeMs()));
    }

    ClusterSnapshot cluster() {
        return cluster;
    }

    /** How the answering nodes see the cluster, by node. */
    Map<Integer, DescribeClusterResponse> answers() {
        return answers;
    }

    /** The topic in its newest incarnation that any node knows. */
    Optional<Topic> topic(String name) {
        return answers.values().stream()
                .flatMap(answer -> answer.getTopicsList().stream())
                .filter(topic -> topic.getName().equals(name) && topic.getPartitionsCount() > 0)
                .max(Comparator.comparingLong(
                                (Topic topic) -> topic.getPartitions(0).getGroupId())
                        .thenComparingInt(Topic::getPartitionsCount));
    }

    /** What a node tells of its own replica; empty if it did not answer, or has none. */
    Optional<Group> replica(int node, long groupId) {
        DescribeClusterResponse answer = answers.get(node);
        return answer == null
                ? Optional.empty()
                : answer.getLocalGroupsList().stream()
                        .filter(group -> group.getGroupId() == groupId)
                        .findFirst();
    }

    /** By time, of all nodes. */
    List<Located> events(Predicate<Event> condition) {
        return events.stream()
                .filter(located -> condition.test(located.event()))
                .toList();
    }

    /** The newest event of a kind, on any node. */
    Optional<Located> last(EventKind kind, Predicate<Event> condition) {
        List<Located> found = events(event -> event.getKind() == kind && condition.test(event));
        return found.isEmpty() ? Optional.empty() : Optional.of(found.get(found.size() - 1));
    }

    /** How long ago an event was, by the clock of its node; in ms. */
    long ageMillis(Located located) {
        return Math.max(
                0, told.get(located.nodeId()).getNowMs() - located.event().getTimeMs());
    }

    /** For example "12 s ago node 1 lost the connection with node 2". */
    String describe(Located located) {
        return age(ageMillis(located)) + " ago node " + located.nodeId() + " " + EventText.sentence(located.event())
                + (located.event().getGeneration() == 0
                        ? ""
                        : " (generation " + located.event().getGeneration() + ")");
    }

    /** For example "340 ms", "12 s", "5 min", "3 h". */
    static String age(long millis) {
        if (millis < 1_000) {
            return millis + " ms";
        }
        long seconds = millis / 1_000;
        if (seconds < 120) {
            return seconds + " s";
        }
        return seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
    }
}
