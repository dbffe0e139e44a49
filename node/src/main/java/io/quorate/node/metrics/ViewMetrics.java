/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metrics;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.FollowerView;
import io.quorate.node.api.ClusterView.GroupView;
import io.quorate.node.api.ClusterView.NodeView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.ClusterView.SpaceLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Gauges, made from what a node sees at the moment when it is asked. Thread-safe. */
final class ViewMetrics {
    /** Topics that have a label of their own, by name; the others share {@link #OTHER_TOPICS}. */
    static final int MAX_TOPICS = 100;
    /** No topic can have this name. */
    static final String OTHER_TOPICS = "(other)";

    private static final double MILLIS_PER_SECOND = 1e3;

    private final String version;

    ViewMetrics(String version) {
        this.version = version;
    }

    List<MetricSnapshot> of(ClusterView view) {
        List<MetricSnapshot> all = new ArrayList<>();
        all.add(gauge(
                "quorate_node_info",
                "Always 1; tells by its labels which node this is.",
                Map.of(
                        Labels.of(
                                "cluster",
                                view.clusterId(),
                                "node",
                                Integer.toString(view.nodeId()),
                                "version",
                                version),
                        1.0)));
        addPeers(all, view);
        addGroups(all, view);
        addFollowers(all, view);
        addTopics(all, view);
        addDisk(all, view.disk());
        return all;
    }

    private static void addPeers(List<MetricSnapshot> all, ClusterView view) {
        Map<Labels, Double> up = new TreeMap<>();
        for (NodeView node : view.nodes()) {
            if (node.nodeId() != view.nodeId()) {
                up.put(ofNode(node.nodeId()), node.up() ? 1.0 : 0.0);
            }
        }
        if (!up.isEmpty()) {
            all.add(gauge("quorate_peer_up", "Whether this node is in contact with a peer.", up));
        }
    }

    private static void addGroups(List<MetricSnapshot> all, ClusterView view) {
        Map<Labels, Double> byRole = new TreeMap<>();
        for (ReplicaRole role : ReplicaRole.values()) {
            byRole.put(ofRole(role), 0.0);
        }
        int leaderless = 0;
        for (GroupView group : groups(view)) {
            byRole.merge(ofRole(group.role()), 1.0, Double::sum);
            leaderless += group.leaderId() == 0 ? 1 : 0;
        }
        all.add(gauge("quorate_replicas", "Replicas on this node, the registry's included, by role.", byRole));
        all.add(gauge(
                "quorate_replicas_without_leader",
                "Replicas on this node that know no leader of their group.",
                Map.of(Labels.EMPTY, (double) leaderless)));
    }

    private static void addFollowers(List<MetricSnapshot> all, ClusterView view) {
        Map<Labels, Double> entries = new TreeMap<>();
        Map<Labels, Double> seconds = new TreeMap<>();
        for (GroupView group : groups(view)) {
            for (FollowerView follower : group.followers()) {
                Labels labels = ofNode(follower.nodeId());
                entries.merge(labels, (double) follower.lagEntries(), Math::max);
                seconds.merge(labels, follower.laggingMillis().orElse(0) / MILLIS_PER_SECOND, Math::max);
            }
        }
        if (!entries.isEmpty()) {
            all.add(gauge(
                    "quorate_follower_lag_entries",
                    "Entries that a node lacks of what this node leads: the most of any group.",
                    entries));
            all.add(gauge(
                    "quorate_follower_lag_seconds",
                    "For how long a node has been behind in what this node leads: the longest of any group.",
                    seconds));
        }
    }

    private static void addTopics(List<MetricSnapshot> all, ClusterView view) {
        Map<Labels, Double> led = new TreeMap<>();
        Map<Labels, Double> next = new TreeMap<>();
        List<String> named = view.topics().stream()
                .map(ClusterView.TopicView::name)
                .limit(MAX_TOPICS)
                .toList();
        for (GroupView group : view.localGroups()) {
            if (group.role() == ReplicaRole.LEADER) {
                String topic = named.contains(group.topic()) ? group.topic() : OTHER_TOPICS;
                led.merge(Labels.of("topic", topic), 1.0, Double::sum);
                next.merge(Labels.of("topic", topic), (double) group.highWatermark(), Double::sum);
            }
        }
        if (!led.isEmpty()) {
            all.add(gauge("quorate_topic_partitions_led", "Partitions of a topic that this node leads.", led));
            all.add(gauge(
                    "quorate_topic_high_watermarks",
                    "Sum of the high-water marks of the partitions of a topic that this node leads.",
                    next));
        }
    }

    private static void addDisk(List<MetricSnapshot> all, ClusterView.DiskView disk) {
        if (disk.freeBytes() >= 0) {
            all.add(gauge(
                    "quorate_disk_free_bytes",
                    "Free space on the disk of the data directory, when last looked at.",
                    Map.of(Labels.EMPTY, (double) disk.freeBytes())));
        }
        all.add(gauge(
                "quorate_disk_full",
                "1 while there is too little space on the disk to take appends.",
                Map.of(Labels.EMPTY, disk.space() == SpaceLevel.FULL ? 1.0 : 0.0)));
        all.add(gauge(
                "quorate_disk_stalled",
                "1 while the disk has not answered within its time limit, so that the node leads nothing.",
                Map.of(Labels.EMPTY, disk.stalled() ? 1.0 : 0.0)));
        all.add(gauge(
                "quorate_disk_pending_seconds",
                "How long the write or flush that is under way has taken.",
                Map.of(Labels.EMPTY, disk.pendingMillis() / MILLIS_PER_SECOND)));
    }

    private static List<GroupView> groups(ClusterView view) {
        List<GroupView> groups = new ArrayList<>(view.localGroups());
        groups.add(view.metadata());
        return groups;
    }

    private static Labels ofNode(int node) {
        return Labels.of("node", Integer.toString(node));
    }

    private static Labels ofRole(ReplicaRole role) {
        return Labels.of("role", role.name().toLowerCase(Locale.ROOT));
    }

    private static GaugeSnapshot gauge(String name, String help, Map<Labels, Double> values) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        values.forEach((labels, value) -> gauge.dataPoint(
                GaugeDataPointSnapshot.builder().labels(labels).value(value).build()));
        return gauge.build();
    }
}
