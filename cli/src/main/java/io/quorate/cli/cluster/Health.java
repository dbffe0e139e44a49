/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.quorate.cli.cluster.ClusterSnapshot.DiskView;
import io.quorate.cli.cluster.ClusterSnapshot.GroupView;
import io.quorate.cli.cluster.ClusterSnapshot.NodeView;
import io.quorate.cli.cluster.ClusterSnapshot.SpaceLevel;
import io.quorate.cli.cluster.ClusterSnapshot.State;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Whether a cluster is well, and one sentence that says so.
 *
 * @param level    how well
 * @param sentence for people, without a full stop
 */
public record Health(Level level, String sentence) {
    /** From best to worst. */
    public enum Level {
        HEALTHY,
        /** Everything is served; something that should be there is not. */
        DEGRADED,
        /** Some partition, or the registry of topics, is not served. */
        UNAVAILABLE
    }

    private static final int NAMES_SHOWN = 5;

    public static Health of(ClusterSnapshot cluster) {
        List<String> findings = new ArrayList<>();
        for (NodeView node : cluster.nodes()) {
            if (node.standing().equals("added")) {
                continue;
            }
            if (node.standing().equals("lost")) {
                findings.add("node " + node.id() + " has lost its disk: `quorate node readmit " + node.id()
                        + "` makes it a new member");
            }
            if (node.state() != State.UP) {
                findings.add("node " + node.id() + " " + describe(node.state()));
            }
            node.disk().ifPresent(disk -> addFindings(findings, node.id(), disk));
        }
        List<GroupView> groups = new ArrayList<>();
        groups.add(cluster.metadata());
        groups.addAll(cluster.partitions());

        List<GroupView> withoutQuorum =
                groups.stream().filter(group -> !group.hasQuorum()).toList();
        List<GroupView> withoutLeader = groups.stream()
                .filter(group -> group.hasQuorum() && !group.hasLeader())
                .toList();
        List<GroupView> underReplicated = groups.stream()
                .filter(group -> group.hasQuorum() && group.isUnderReplicated())
                .toList();
        add(findings, "no quorum", withoutQuorum);
        add(findings, "no leader yet", withoutLeader);
        add(findings, "under-replicated", underReplicated);
        for (GroupView group : groups) {
            group.failures()
                    .forEach((node, why) -> findings.add(
                            "the replica of " + group.name() + " on node " + node + " has failed: " + why));
            group.quarantined()
                    .forEach((node, why) -> findings.add("the log of " + group.name() + " on node " + node
                            + " is damaged, its replica is quarantined: " + why));
        }
        if (findings.isEmpty()) {
            int nodes = cluster.nodes().size();
            return new Health(
                    Level.HEALTHY,
                    "healthy: " + (nodes == 1 ? "the only node is" : "all " + nodes + " nodes are")
                            + " up, everything has a leader and all its replicas");
        }
        boolean unavailable = !withoutQuorum.isEmpty() || !withoutLeader.isEmpty();
        return new Health(
                unavailable ? Level.UNAVAILABLE : Level.DEGRADED,
                (unavailable ? "unavailable: " : "degraded: ")
                        + String.join("; ", findings)
                        + (unavailable ? "" : "; everything is served"));
    }

    private static void addFindings(List<String> findings, int node, DiskView disk) {
        if (disk.stalled()) {
            findings.add("the disk of node " + node + " has not answered for " + disk.pendingMillis()
                    + " ms, so it leads nothing");
        }
        if (disk.space() == SpaceLevel.FULL) {
            findings.add("the disk of node " + node + " is full (" + free(disk) + "): it takes no appends");
        } else if (disk.space() == SpaceLevel.LOW) {
            findings.add("the disk of node " + node + " is nearly full (" + free(disk) + ")");
        }
    }

    private static String free(DiskView disk) {
        return disk.freeBytes().orElse(0) / (1 << 20) + " MiB left";
    }

    private static void add(List<String> findings, String what, List<GroupView> groups) {
        if (groups.isEmpty()) {
            return;
        }
        String names = groups.stream().limit(NAMES_SHOWN).map(GroupView::name).collect(Collectors.joining(", "));
        int more = groups.size() - NAMES_SHOWN;
        findings.add(what + ": " + names + (more > 0 ? " and " + more + " more" : ""));
    }

    private static String describe(State state) {
        return switch (state) {
            case UP -> "is up";
            case DOWN -> "is down";
            case CUT_OFF -> "is cut off from its peers";
            case SILENT -> "does not answer here, though its peers hear it";
        };
    }
}
