/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliException;
import io.quorate.cli.local.DevState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** How {@code dev start} is told what to start. */
final class StartOptions {
    private static final int MAX_NODES = 9;
    private static final int PEER_PORT_DISTANCE = 100;
    private static final int METRICS_PORT_DISTANCE = 200;
    private static final int MAX_PORT = 65_535;

    @Option(
            names = {"-n", "--nodes"},
            paramLabel = "N",
            defaultValue = "3",
            description = "1 to 9. Default: ${DEFAULT-VALUE}.")
    int nodes;

    @Option(
            names = {"-d", "--dir"},
            paramLabel = "DIR",
            defaultValue = "./" + DevState.DEFAULT_DIRECTORY,
            description = "Where data, logs and the list of processes are. Default: ${DEFAULT-VALUE}.")
    Path directory;

    @Option(names = "--ephemeral", description = "Begin empty, and delete all data when it stops.")
    boolean ephemeral;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            defaultValue = "7400",
            description = "Client port of node 1, the others follow; peers 100 above, metrics 200. 0: any free ones."
                    + " Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = {"-t", "--topic"},
            paramLabel = "NAME[:PARTITIONS]",
            description = "Create this topic if it is missing; as often as needed. Default: demo:3.")
    List<String> topics = new ArrayList<>();

    @Option(
            names = "--heap",
            paramLabel = "SIZE",
            defaultValue = "256m",
            description = "Heap of each node. Default: ${DEFAULT-VALUE}.")
    String heap;

    @Option(
            names = {"-s", "--set"},
            paramLabel = "KEY=VALUE",
            description = "A configuration key for all nodes; as often as needed.")
    Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = "--jvm",
            paramLabel = "OPTION",
            description = "An option for the JVM of each node; as often as needed.")
    List<String> jvmOptions = new ArrayList<>();

    record TopicPlan(String name, int partitions) {}

    void check() {
        if (nodes < 1 || nodes > MAX_NODES) {
            throw CliException.usage("--nodes " + nodes + " is not 1 to " + MAX_NODES, "3 survive the loss of any one");
        }
        if (port < 0 || port + nodes - 1 + METRICS_PORT_DISTANCE > MAX_PORT) {
            throw CliException.usage("--port " + port + " leaves no room for " + nodes + " nodes", "for example 7400");
        }
        topicPlans();
    }

    int metricsPort() {
        return port + METRICS_PORT_DISTANCE;
    }

    int peerPort() {
        return port + PEER_PORT_DISTANCE;
    }

    List<TopicPlan> topicPlans() {
        List<TopicPlan> plans = new ArrayList<>();
        for (String topic : topics.isEmpty() ? List.of("demo") : topics) {
            int colon = topic.indexOf(':');
            if (colon < 0) {
                plans.add(new TopicPlan(topic, 3));
                continue;
            }
            try {
                plans.add(new TopicPlan(topic.substring(0, colon), Integer.parseInt(topic.substring(colon + 1))));
            } catch (NumberFormatException e) {
                throw CliException.usage("--topic " + topic + " is not NAME:PARTITIONS", "for example orders:6");
            }
        }
        return plans;
    }
}
