/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.cluster.ClusterProbe;
import io.quorate.cli.cluster.ClusterSnapshot;
import io.quorate.cli.cluster.ClusterSnapshot.NodeView;
import io.quorate.cli.cluster.Health;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.Table;
import io.quorate.v1.DescribeClusterResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;

@Command(
        name = "status",
        header = "Show the processes of the dev cluster.",
        description = "Exit code 3 if anything is amiss, 4 if none runs. More: quorate cluster status.")
final class DevStatusVerb extends RunningDevVerb {
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    DevStatusVerb(CliContext context) {
        super(context);
    }

    private record Row(DevState.Node node, String status, int leads) {}

    @Override
    public Integer call() {
        DevState state = directory().running();
        Optional<ClusterSnapshot> cluster;
        try (ClusterProbe probe = new ClusterProbe()) {
            Map<Integer, DescribeClusterResponse> answers = probe.ask(state.clientAddresses(), PATIENCE);
            cluster = answers.isEmpty() ? Optional.empty() : Optional.of(ClusterSnapshot.of(answers.values()));
        }
        Optional<Health> health = cluster.map(Health::of);
        String sentence = health.map(Health::sentence).orElse("unavailable: no node answers");
        List<Row> rows = new ArrayList<>();
        for (DevState.Node node : state.nodes()) {
            Optional<NodeView> view = cluster.flatMap(seen -> seen.node(node.id()));
            rows.add(new Row(node, status(node, view), view.map(NodeView::leads).orElse(0)));
        }
        print(state, rows, sentence);
        return health.isPresent() && health.get().level() == Health.Level.HEALTHY ? ExitCode.OK : ExitCode.UNHEALTHY;
    }

    private void print(DevState state, List<Row> rows, String sentence) {
        if (isJson()) {
            List<Object> nodes = new ArrayList<>();
            for (Row row : rows) {
                nodes.add(Json.object(
                        "nodeId", row.node().id(),
                        "pid", row.node().process().pid(),
                        "clientAddress", row.node().clientAddress(),
                        "peerAddress", row.node().peerAddress(),
                        "status", row.status(),
                        "leads", row.leads()));
            }
            terminal()
                    .println(Json.write(Json.object(
                            "clusterId",
                            state.clusterId(),
                            "supervisorPid",
                            state.supervisor().pid(),
                            "nodes",
                            nodes,
                            "sentence",
                            sentence)));
            return;
        }
        Table table = new Table("NODE", "PID", "CLIENT", "STATUS", ">LEADS");
        for (Row row : rows) {
            table.row(
                    row.node().id(),
                    row.node().isAlive() ? row.node().process().pid() : "-",
                    row.node().clientAddress(),
                    row.status(),
                    row.leads());
        }
        format().print(terminal(), table);
        terminal().println(sentence);
        if (!state.supervisor().isAlive()) {
            terminal().println("quorate dev itself is gone; quorate dev stop ends the nodes");
        }
    }

    private static String status(DevState.Node node, Optional<NodeView> view) {
        if (!node.isAlive()) {
            return "dead";
        }
        if (node.process().isPaused()) {
            return "paused";
        }
        return switch (view.map(NodeView::state).orElse(ClusterSnapshot.State.DOWN)) {
            case UP -> "ready";
            case CUT_OFF -> "isolated";
            case DOWN, SILENT -> "not answering";
        };
    }
}
