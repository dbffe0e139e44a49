/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.cluster.ClusterSnapshot.GroupView;
import io.quorate.cli.cluster.ClusterSnapshot.NodeView;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.cli.output.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "status",
        header = "Show nodes, leaders, generations and whether all is well.",
        description = "Every node is asked by itself. Exit code 3 if anything is amiss, 6 if no node answers.")
final class StatusVerb extends ClientVerb {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, plain or json. Default: table on a terminal, else plain.")
    private OutputFormat format;

    StatusVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        ClusterSnapshot cluster;
        try (ClusterProbe probe = new ClusterProbe()) {
            cluster = probe.snapshot(bootstrap().addresses(), timeout());
        }
        Health health = Health.of(cluster);
        OutputFormat chosen = format != null ? format : terminal().outIsTty() ? OutputFormat.TABLE : OutputFormat.PLAIN;
        if (chosen == OutputFormat.JSON) {
            terminal().println(Json.write(json(cluster, health)));
        } else {
            printTables(chosen, cluster, health);
        }
        return health.level() == Health.Level.HEALTHY ? ExitCode.OK : ExitCode.UNHEALTHY;
    }

    private void printTables(OutputFormat chosen, ClusterSnapshot cluster, Health health) {
        GroupView metadata = cluster.metadata();
        terminal()
                .println("cluster " + cluster.clusterId() + " · quorate " + cluster.version() + " · metadata "
                        + (metadata.hasLeader() ? "led by node " + metadata.leaderId() : "has no leader")
                        + ", generation " + metadata.generation());
        terminal().println("");
        chosen.print(terminal(), nodeTable(cluster));
        if (!cluster.partitions().isEmpty()) {
            terminal().println("");
            chosen.print(terminal(), partitionTable(cluster));
        }
        terminal().println("");
        terminal().println(health.sentence());
    }

    private static Table nodeTable(ClusterSnapshot cluster) {
        Table table = new Table("NODE", "CLIENT", "PEER", "STATE", ">LEADS", ">LAST CONTACT", "DISK", "SCRUB");
        for (NodeView node : cluster.nodes()) {
            OptionalLong contact = node.lastContactMillis();
            table.row(
                    node.id(),
                    node.clientAddress().isEmpty() ? "?" : node.clientAddress(),
                    node.peerAddress(),
                    name(node.state()) + (node.standing().isEmpty() ? "" : ", " + node.standing()),
                    node.leads(),
                    contact.isPresent() ? contact.getAsLong() + " ms ago" : "never",
                    node.disk().map(StatusVerb::describe).orElse("?"),
                    node.scrub().map(ScrubText::describe).orElse("?"));
        }
        return table;
    }

    private static String describe(ClusterSnapshot.DiskView disk) {
        if (disk.stalled()) {
            return "stalled for " + disk.pendingMillis() + " ms";
        }
        return switch (disk.space()) {
            case PLENTY -> "ok";
            case LOW -> "nearly full";
            case FULL -> "full";
        };
    }

    private static Table partitionTable(ClusterSnapshot cluster) {
        Table table = new Table("PARTITION", ">LEADER", ">GENERATION", "REPLICAS", ">HIGH-WATER MARK", "");
        for (GroupView partition : cluster.partitions()) {
            OptionalLong mark = partition.highWatermark();
            table.row(
                    partition.name(),
                    partition.hasLeader() ? partition.leaderId() : "none",
                    partition.generation(),
                    replicas(partition),
                    mark.isPresent() ? mark.getAsLong() : "?",
                    remark(partition));
        }
        return table;
    }

    /** Ids of the nodes, those that cannot take part with a mark that needs no colour. */
    private static String replicas(GroupView partition) {
        return partition.replicas().stream()
                .map(node -> partition.live().contains(node) ? String.valueOf(node) : node + "✕")
                .collect(Collectors.joining(","));
    }

    private static String remark(GroupView partition) {
        if (!partition.hasQuorum()) {
            return "no quorum";
        }
        if (!partition.hasLeader()) {
            return "no leader yet";
        }
        String remark = partition.isUnderReplicated() ? "under-replicated" : "";
        return remark + (remark.isEmpty() || partition.moving().isEmpty() ? "" : ", ") + partition.moving();
    }

    static Map<String, Object> json(ClusterSnapshot cluster, Health health) {
        List<Object> nodes = new ArrayList<>();
        for (NodeView node : cluster.nodes()) {
            OptionalLong contact = node.lastContactMillis();
            nodes.add(Json.object(
                    "nodeId", node.id(),
                    "clientAddress", node.clientAddress(),
                    "peerAddress", node.peerAddress(),
                    "state", name(node.state()),
                    "standing", node.standing().isEmpty() ? "active" : node.standing(),
                    "leads", node.leads(),
                    "lastContactMs", contact.isPresent() ? contact.getAsLong() : null,
                    "disk", node.disk().map(StatusVerb::json).orElse(null),
                    "scrub", node.scrub().map(ScrubText::json).orElse(null)));
        }
        List<Object> partitions = new ArrayList<>();
        for (GroupView partition : cluster.partitions()) {
            Map<String, Object> object = Json.object("topic", partition.topic(), "partition", partition.partition());
            object.putAll(groupJson(partition));
            partitions.add(object);
        }
        return Json.object(
                "clusterId", cluster.clusterId(),
                "version", cluster.version(),
                "health", health.level().name().toLowerCase(Locale.ROOT),
                "sentence", health.sentence(),
                "nodes", nodes,
                "metadata", groupJson(cluster.metadata()),
                "partitions", partitions);
    }

    private static Map<String, Object> json(ClusterSnapshot.DiskView disk) {
        OptionalLong free = disk.freeBytes();
        return Json.object(
                "pendingMs", disk.pendingMillis(),
                "stalled", disk.stalled(),
                "space", disk.space().name().toLowerCase(Locale.ROOT),
                "freeBytes", free.isPresent() ? free.getAsLong() : null);
    }

    private static Map<String, Object> groupJson(GroupView group) {
        List<Object> failures = new ArrayList<>();
        group.failures().forEach((node, why) -> failures.add(Json.object("nodeId", node, "failure", why)));
        List<Object> quarantined = new ArrayList<>();
        group.quarantined().forEach((node, why) -> quarantined.add(Json.object("nodeId", node, "damage", why)));
        OptionalLong mark = group.highWatermark();
        Map<String, Object> object = Json.object(
                "leaderId", group.leaderId(),
                "generation", group.generation(),
                "replicas", group.replicas(),
                "live", group.live(),
                "underReplicated", group.isUnderReplicated(),
                "moving", group.moving(),
                "failures", failures,
                "quarantined", quarantined);
        if (!group.topic().isEmpty()) {
            object.put("highWatermark", mark.isPresent() ? mark.getAsLong() : null);
        }
        return object;
    }

    private static String name(ClusterSnapshot.State state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
