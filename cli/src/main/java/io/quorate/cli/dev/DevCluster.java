/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.LoopbackPorts;
import io.quorate.cli.base.Version;
import io.quorate.cli.cluster.ClusterProbe;
import io.quorate.cli.cluster.ClusterSnapshot;
import io.quorate.cli.cluster.Health;
import io.quorate.cli.dev.StartOptions.TopicPlan;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Table;
import io.quorate.cli.output.Terminal;
import io.quorate.client.ClientConfig;
import io.quorate.client.QuorateClient;
import io.quorate.client.QuorateException;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Node;
import io.quorate.v1.NodeState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** {@code quorate dev start}: from nothing to a cluster that serves, and on until it is told to stop. */
final class DevCluster {
    private static final Duration START_LIMIT = Duration.ofSeconds(120);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(2);
    private static final long PROBE_PAUSE_MILLIS = 20;

    private final Terminal terminal;
    private final StartOptions options;
    private final DevDirectory directory;
    private final Path shownDirectory;
    private volatile boolean failed;

    DevCluster(CliContext context, StartOptions options) {
        this.terminal = context.terminal();
        this.options = options;
        this.shownDirectory = options.directory;
        this.directory = new DevDirectory(
                context.workingDirectory().resolve(options.directory).normalize());
    }

    int run() {
        options.check();
        long begin = System.nanoTime();
        DevState.readIfPresent(directory.root()).filter(DevState::isRunning).ifPresent(state -> {
            throw directory.alreadyRunning();
        });
        directory.lock();
        if (options.ephemeral) {
            directory.deleteEphemeral();
        }
        DevSupervisor supervisor = supervisor();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(supervisor), "quorate-dev-stop"));

        say("Quorate " + Version.current() + " · " + options.nodes + (options.nodes == 1 ? " node" : " nodes")
                + " · data " + shownDirectory
                + (options.ephemeral ? ", gone when it stops" : " (--ephemeral to forget)"));
        try (ClusterProbe probe = new ClusterProbe()) {
            supervisor.startAll();
            ClusterSnapshot cluster = awaitReady(supervisor, probe);
            printReady(supervisor, cluster, System.nanoTime() - begin);
            supervisor.watch();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (!supervisor.isStopping()) {
                failed = true;
                throw e;
            }
        }
        // The shutdown stops the nodes and ends the process; until then this thread has nothing more to say.
        return awaitHalt();
    }

    private DevSupervisor supervisor() {
        Path home = directory.home(options.ephemeral);
        String clusterId = directory.clusterId(home, options.nodes);
        Map<String, String> settings = new TreeMap<>(options.settings);
        settings.put("unsafe.fault_injection", "true");
        DevPlan plan = new DevPlan(
                clusterId,
                DevPlan.members(options.nodes, options.port, options.peerPort(), options.metricsPort()),
                settings);
        List<NodeProcess> nodes = new ArrayList<>();
        for (DevPlan.Member member : plan.members()) {
            nodes.add(new NodeProcess(
                    member.id(),
                    plan.writeConfig(home, member),
                    directory.log(member.id()),
                    options.heap,
                    options.jvmOptions));
        }
        return new DevSupervisor(directory, plan, nodes, this::say);
    }

    /** Every node in contact with every other, the topics there, and every partition with a leader and all replicas. */
    private ClusterSnapshot awaitReady(DevSupervisor supervisor, ClusterProbe probe) {
        List<String> addresses = supervisor.clientAddresses();
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        awaitListening(supervisor, deadline);
        boolean topicsMade = false;
        while (true) {
            supervisor.checkAllAlive();
            Map<Integer, DescribeClusterResponse> answers = probe.ask(addresses, PROBE_PATIENCE);
            boolean allMet = answers.size() == addresses.size()
                    && answers.values().stream().allMatch(DevCluster::seesAll);
            if (!topicsMade && allMet && hasMetadataLeader(answers)) {
                createTopics(addresses);
                topicsMade = true;
            } else if (topicsMade && allMet) {
                ClusterSnapshot cluster = ClusterSnapshot.of(answers.values());
                if (Health.of(cluster).level() == Health.Level.HEALTHY) {
                    return cluster;
                }
            }
            if (System.nanoTime() > deadline) {
                String found = answers.isEmpty()
                        ? "no node answers"
                        : Health.of(ClusterSnapshot.of(answers.values())).sentence();
                throw new CliException(
                        ExitCode.UNAVAILABLE,
                        "NOT_READY",
                        "the cluster is not ready after " + START_LIMIT.toSeconds() + " s: " + found,
                        "the nodes' logs are in " + directory.log(1).getParent(),
                        null);
            }
            pause();
        }
    }

    /** Costs next to nothing while the nodes need every core; a gRPC channel that was refused waits a second. */
    private void awaitListening(DevSupervisor supervisor, long deadline) {
        for (int port : supervisor.clientPorts()) {
            while (!LoopbackPorts.isListening(port) && System.nanoTime() < deadline) {
                supervisor.checkAllAlive();
                pause();
            }
        }
    }

    private static boolean seesAll(DescribeClusterResponse answer) {
        return answer.getNodesList().stream()
                .allMatch(node -> isUp(node) && !node.getClientAddress().isEmpty());
    }

    private static boolean isUp(Node node) {
        return node.getState() == NodeState.NODE_STATE_UP;
    }

    private static boolean hasMetadataLeader(Map<Integer, DescribeClusterResponse> answers) {
        return answers.values().stream().allMatch(answer -> answer.getMetadata().getLeaderId() != 0);
    }

    private void createTopics(List<String> addresses) {
        try (QuorateClient client = QuorateClient.connect(ClientConfig.of(addresses))) {
            for (TopicPlan topic : options.topicPlans()) {
                try {
                    client.admin().createTopic(topic.name(), topic.partitions(), 0);
                } catch (QuorateException e) {
                    if (!e.reason().equals("TOPIC_EXISTS")) {
                        throw e;
                    }
                }
            }
        }
    }

    private void printReady(DevSupervisor supervisor, ClusterSnapshot cluster, long elapsedNanos) {
        Table table = new Table("  NODE", "PID", "CLIENT", "STATUS", ">LEADS");
        for (ClusterSnapshot.NodeView node : cluster.nodes()) {
            table.row("  " + node.id(), supervisor.pid(node.id()), node.clientAddress(), "ready", node.leads());
        }
        table.aligned().forEach(terminal::println);
        List<String> topics = new ArrayList<>();
        for (TopicPlan topic : options.topicPlans()) {
            long partitions = cluster.partitions().stream()
                    .filter(partition -> partition.topic().equals(topic.name()))
                    .count();
            int replicas = cluster.partition(topic.name(), 0)
                    .map(partition -> partition.replicas().size())
                    .orElse(0);
            topics.add(
                    "\"" + topic.name() + "\" (" + partitions + (partitions == 1 ? " partition × " : " partitions × ")
                            + replicas + (replicas == 1 ? " replica)" : " replicas)"));
        }
        say("ready in " + Durations.format(elapsedNanos) + " · topic " + String.join(", ", topics));
        String topic = options.topicPlans().get(0).name();
        boolean needsFlag = !shownDirectory.normalize().equals(Path.of(DevState.DEFAULT_DIRECTORY));
        String where = needsFlag
                ? "export QUORATE_BOOTSTRAP=" + String.join(",", supervisor.clientAddresses()) + "\n         "
                : "";
        say("try      " + where + "echo hello | quorate append " + topic + "\n         quorate read " + topic
                + "\n         quorate dev kill leader" + (needsFlag ? " --dir " + shownDirectory : ""));
        say("Ctrl-C stops all nodes");
    }

    /** Runs when the JVM shuts down. To be told to stop is how this command ends well, hence exit code 0. */
    private void stop(DevSupervisor supervisor) {
        long begin = System.nanoTime();
        supervisor.stopAll();
        if (options.ephemeral) {
            directory.deleteEphemeral();
        }
        if (failed) {
            return;
        }
        try {
            say("stopped all nodes in " + Durations.format(System.nanoTime() - begin)
                    + (options.ephemeral ? "; data deleted" : "; data kept in " + shownDirectory));
        } catch (RuntimeException e) {
            // Nobody listens any more; the nodes are stopped all the same.
        }
        Runtime.getRuntime().halt(ExitCode.OK);
    }

    private void say(String text) {
        terminal.println(text);
        terminal.flush();
    }

    private static int awaitHalt() {
        while (true) {
            LockSupport.park();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PROBE_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted while the cluster starts", "");
        }
    }
}
