/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.cluster.ClusterProbe;
import io.quorate.cli.cluster.ClusterSnapshot;
import io.quorate.cli.cluster.ClusterSnapshot.GroupView;
import io.quorate.cli.data.PartitionTarget;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import io.quorate.v1.DescribeClusterResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "kill",
        header = "Kill a node with SIGKILL, and see who leads then and after how long.",
        description = {
            "Targets: a node's number; leader, which is the node that leads TOPIC/PARTITION; all.",
            "Nothing is flushed or said good-bye to: what was acknowledged must survive it."
        })
final class KillVerb extends RunningDevVerb {
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration ELECTION_LIMIT = Duration.ofSeconds(15);
    private static final long POLL_MILLIS = 10;

    @Parameters(index = "0", paramLabel = "NODE|leader|all")
    private String target;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "TOPIC/PARTITION",
            defaultValue = "demo/0",
            description = "Whose leader. Default: ${DEFAULT-VALUE}.")
    private String ofPartition;

    KillVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        DevState state = directory().running();
        try (ClusterProbe probe = new ClusterProbe()) {
            Map<Integer, DescribeClusterResponse> answers = probe.ask(addresses(state), PATIENCE);
            List<GroupView> groups = answers.isEmpty() ? List.of() : groups(answers);
            List<DevState.Node> victims = victims(state, groups);
            Map<String, GroupView> orphans = new TreeMap<>();
            for (GroupView group : groups) {
                if (victims.stream().anyMatch(victim -> victim.id() == group.leaderId())) {
                    orphans.put(group.name(), group);
                }
            }
            long begin = System.nanoTime();
            victims.forEach(victim -> victim.process().handle().ifPresent(ProcessHandle::destroyForcibly));
            List<Object> killed = new ArrayList<>();
            for (DevState.Node victim : victims) {
                killed.add(json(victim, orphans));
                say("killed node " + victim.id() + led(victim, orphans));
            }
            return watchElections(state, probe, victims, orphans, begin, killed);
        }
    }

    private int watchElections(
            DevState state,
            ClusterProbe probe,
            List<DevState.Node> victims,
            Map<String, GroupView> orphans,
            long begin,
            List<Object> killed) {
        List<String> survivors = state.nodes().stream()
                .filter(node -> !victims.contains(node) && node.isAlive())
                .map(DevState.Node::clientAddress)
                .toList();
        long deadline = begin + ELECTION_LIMIT.toNanos();
        Map<String, GroupView> waiting = new TreeMap<>(orphans);
        waiting.values().removeIf(group -> !canElect(state, victims, group));
        List<String> lost = orphans.keySet().stream()
                .filter(name -> !waiting.containsKey(name))
                .toList();
        List<Object> elected = new ArrayList<>();
        while (!waiting.isEmpty() && System.nanoTime() < deadline) {
            Map<Integer, DescribeClusterResponse> answers = probe.ask(survivors, PATIENCE);
            long elapsed = System.nanoTime() - begin;
            for (GroupView now : answers.isEmpty() ? List.<GroupView>of() : groups(answers)) {
                GroupView before = waiting.get(now.name());
                if (before != null && now.hasLeader() && now.generation() > before.generation()) {
                    waiting.remove(now.name());
                    elected.add(Json.object(
                            "name", now.name(),
                            "leaderId", now.leaderId(),
                            "generation", now.generation(),
                            "elapsedMs", millis(elapsed)));
                    say(now.name() + ": node " + now.leaderId() + " leads generation " + now.generation() + " after "
                            + Durations.format(elapsed));
                }
            }
            if (!waiting.isEmpty()) {
                sleep(POLL_MILLIS);
            }
        }
        if (!lost.isEmpty()) {
            int first = victims.get(0).id();
            say("no quorum is left for " + String.join(", ", lost) + "; quorate dev restart " + first + " brings node "
                    + first + " back");
        }
        report(
                List.of(),
                Json.object(
                        "killed", killed,
                        "elected", elected,
                        "withoutQuorum", lost,
                        "leaderless", List.copyOf(waiting.keySet())));
        if (!waiting.isEmpty()) {
            throw new CliException(
                    ExitCode.UNHEALTHY,
                    "NO_LEADER",
                    "after " + ELECTION_LIMIT.toSeconds() + " s nobody leads " + String.join(", ", waiting.keySet()),
                    "quorate cluster status shows what is missing",
                    null);
        }
        return ExitCode.OK;
    }

    /** At once: the reader watches the elections. JSON is one document, at the end. */
    private void say(String sentence) {
        if (!isJson()) {
            terminal().println(sentence);
            terminal().flush();
        }
    }

    private static Map<String, Object> json(DevState.Node victim, Map<String, GroupView> orphans) {
        List<Object> led = new ArrayList<>();
        for (GroupView group : orphans.values()) {
            if (group.leaderId() == victim.id()) {
                led.add(Json.object("name", group.name(), "generation", group.generation()));
            }
        }
        return Json.object("nodeId", victim.id(), "pid", victim.process().pid(), "led", led);
    }

    private static boolean canElect(DevState state, List<DevState.Node> victims, GroupView group) {
        long alive = group.replicas().stream()
                .filter(id -> victims.stream().noneMatch(victim -> victim.id() == id))
                .filter(id -> state.node(id).map(DevState.Node::isAlive).orElse(false))
                .count();
        return alive > group.replicas().size() / 2;
    }

    private List<DevState.Node> victims(DevState state, List<GroupView> groups) {
        switch (target) {
            case "all" -> {
                return state.nodes().stream().filter(DevState.Node::isAlive).toList();
            }
            case "leader" -> {
                return List.of(liveNode(state, leader(groups)));
            }
            default -> {
                try {
                    return List.of(liveNode(state, Integer.parseInt(target)));
                } catch (NumberFormatException e) {
                    throw CliException.usage(
                            "\"" + target + "\" is not a target", "write a node's number, leader or all");
                }
            }
        }
    }

    private int leader(List<GroupView> groups) {
        PartitionTarget wanted = PartitionTarget.parseWithoutOffset(ofPartition);
        String name = wanted.topic() + "/" + wanted.partition().orElse(0);
        GroupView group = groups.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new CliException(
                        ExitCode.NOT_FOUND,
                        "UNKNOWN_PARTITION",
                        "nobody knows " + name,
                        "quorate cluster status shows the partitions",
                        null));
        if (!group.hasLeader()) {
            throw new CliException(
                    ExitCode.UNAVAILABLE,
                    "NO_LEADER",
                    "nobody leads " + name + " at the moment",
                    "quorate cluster status shows what is missing",
                    null);
        }
        return group.leaderId();
    }

    private static String led(DevState.Node victim, Map<String, GroupView> orphans) {
        String names = orphans.values().stream()
                .filter(group -> group.leaderId() == victim.id())
                .map(group -> group.name() + " in generation " + group.generation())
                .collect(Collectors.joining(", "));
        return " (pid " + victim.process().pid() + "), which led " + (names.isEmpty() ? "nothing" : names);
    }

    private static List<String> addresses(DevState state) {
        return state.nodes().stream()
                .filter(DevState.Node::isAlive)
                .map(DevState.Node::clientAddress)
                .toList();
    }

    private static List<GroupView> groups(Map<Integer, DescribeClusterResponse> answers) {
        ClusterSnapshot cluster = ClusterSnapshot.of(answers.values());
        List<GroupView> groups = new ArrayList<>(cluster.partitions());
        groups.add(cluster.metadata());
        return groups;
    }
}
