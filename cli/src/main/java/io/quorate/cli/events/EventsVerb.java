/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.events;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.cluster.ClusterProbe;
import io.quorate.cli.data.PartitionTarget;
import io.quorate.cli.events.EventPrinter.Located;
import io.quorate.cli.output.OutputFormat;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Event;
import io.quorate.v1.ListEventsRequest;
import io.quorate.v1.ListEventsResponse;
import io.quorate.v1.Node;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "events",
        header = "Show what has happened on the nodes, and why.",
        description = {
            "Elections, votes and their refusals, leaders gained and lost, connections, disks, refused requests: what every",
            "node's flight recorder has kept, oldest first, by the clocks of the nodes."
        })
public final class EventsVerb extends ClientVerb {
    private static final long FOLLOW_PAUSE_MILLIS = 500;
    private static final int MAX_LIMIT = 5_000;
    /** A node that is up answers in milliseconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    @Parameters(
            arity = "0..1",
            paramLabel = "TOPIC[/PARTITION]",
            description = "Only what concerns it, and whole nodes. Default: everything.")
    private String target;

    @Option(names = "--node", paramLabel = "N", description = "Only what happened on this node.")
    private Integer node;

    @Option(
            names = "--since",
            paramLabel = "DURATION",
            description = "Only what happened within this time, for example 10m. Default: as far back as is kept.")
    private Duration since;

    @Option(
            names = {"-n", "--limit"},
            paramLabel = "COUNT",
            defaultValue = "1000",
            description = "The newest so many of each node. Default: ${DEFAULT-VALUE}, at most " + MAX_LIMIT + ".")
    private int limit;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with what happens from now on, until Ctrl-C.")
    private boolean follow;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Read the files of one node, which need not run, instead of asking a cluster.")
    private Path dataDirectory;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, plain or json (an object per line). Default: table on a terminal, else plain.")
    private OutputFormat format;

    public EventsVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw CliException.usage("--limit " + limit + " is not from 1 to " + MAX_LIMIT, "narrow it with --since");
        }
        Optional<PartitionTarget> wanted = Optional.ofNullable(target).map(PartitionTarget::parseWithoutOffset);
        if (dataDirectory != null) {
            printFiles(wanted);
        } else {
            askNodes(wanted);
        }
        return ExitCode.OK;
    }

    private void printFiles(Optional<PartitionTarget> wanted) {
        if (node != null || follow) {
            throw CliException.usage(
                    "--data-dir reads the files of one node as they are", "leave out --node and --follow");
        }
        long sinceMillis = sinceMillis();
        List<Located> events = EventFiles.read(context.workingDirectory().resolve(dataDirectory)).stream()
                .filter(event -> event.getTimeMs() >= sinceMillis && concerns(event, wanted))
                .map(event -> new Located(0, event))
                .toList();
        printer().print(events.subList(Math.max(0, events.size() - limit), events.size()));
    }

    private static boolean concerns(Event event, Optional<PartitionTarget> wanted) {
        return wanted.isEmpty()
                || !event.hasGroupId()
                || event.getTopic().equals(wanted.get().topic())
                        && (wanted.get().partition().isEmpty()
                                || wanted.get().partition().getAsInt() == event.getPartition());
    }

    private void askNodes(Optional<PartitionTarget> wanted) {
        try (ClusterProbe probe = new ClusterProbe()) {
            Map<Integer, String> addresses = addresses(probe);
            ListEventsRequest.Builder request =
                    ListEventsRequest.newBuilder().setLimit(limit).setSinceMs(sinceMillis());
            wanted.ifPresent(named -> {
                request.setTopic(named.topic());
                named.partition().ifPresent(request::setPartition);
            });
            Map<Integer, Long> seen = new TreeMap<>();
            List<Located> first = ask(probe, addresses, request, seen);
            if (seen.isEmpty()) {
                throw wanted.isPresent() ? unknown(wanted.get()) : noAnswer();
            }
            EventPrinter printer = printer();
            printer.print(first);
            while (follow) {
                terminal().flush();
                pause();
                List<Located> more = ask(probe, addresses, request, seen);
                if (!more.isEmpty()) {
                    printer.print(more);
                }
            }
        }
    }

    /** By node, of all nodes or of the one that is asked for. */
    private Map<Integer, String> addresses(ClusterProbe probe) {
        Map<Integer, String> addresses = new LinkedHashMap<>();
        for (DescribeClusterResponse answer :
                probe.answers(bootstrap().addresses(), timeout()).values()) {
            for (Node each : answer.getNodesList()) {
                if (!each.getClientAddress().isEmpty() && (node == null || node == each.getNodeId())) {
                    addresses.putIfAbsent(each.getNodeId(), each.getClientAddress());
                }
            }
        }
        if (addresses.isEmpty()) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    "UNKNOWN_NODE",
                    "the cluster has no node " + node + ", or nobody knows where it is",
                    "quorate cluster status shows the nodes",
                    null);
        }
        return addresses;
    }

    /** Asks each node for what came after what was seen of it. */
    private List<Located> ask(
            ClusterProbe probe,
            Map<Integer, String> addresses,
            ListEventsRequest.Builder request,
            Map<Integer, Long> seen) {
        List<Located> events = new ArrayList<>();
        addresses.forEach((id, address) -> {
            request.setAfterSequence(seen.getOrDefault(id, 0L));
            ListEventsResponse answer =
                    probe.events(List.of(address), request.build(), PATIENCE).get(id);
            if (answer != null) {
                seen.put(id, answer.getLastSequence());
                answer.getEventsList().forEach(event -> events.add(new Located(id, event)));
            }
        });
        events.sort(
                Comparator.comparingLong((Located located) -> located.event().getTimeMs()));
        return events;
    }

    private EventPrinter printer() {
        OutputFormat chosen = format != null ? format : terminal().outIsTty() ? OutputFormat.TABLE : OutputFormat.PLAIN;
        return new EventPrinter(terminal(), chosen);
    }

    private long sinceMillis() {
        return since == null ? 0 : Math.max(0, System.currentTimeMillis() - since.toMillis());
    }

    private static CliException unknown(PartitionTarget wanted) {
        return new CliException(
                ExitCode.NOT_FOUND,
                "UNKNOWN_TOPIC",
                "no node that answers knows " + wanted.topic()
                        + (wanted.partition().isPresent()
                                ? "/" + wanted.partition().getAsInt()
                                : ""),
                "quorate topic list shows the topics; without one, events of deleted topics are shown too",
                null);
    }

    private static CliException noAnswer() {
        return new CliException(ExitCode.UNAVAILABLE, "UNAVAILABLE", "no node tells its events", "", null);
    }

    private static void pause() {
        try {
            Thread.sleep(FOLLOW_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted while following", "");
        }
    }
}
