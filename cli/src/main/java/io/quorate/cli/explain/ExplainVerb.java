/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.cluster.ClusterProbe;
import io.quorate.cli.data.PartitionTarget;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.ListEventsRequest;
import io.quorate.v1.ListEventsResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        header = "Tell in plain words why a topic is not served, or who lags behind.",
        description = {
            "Asks every node what it sees and what has happened on it, and says what is the case, who says so, and what to do.",
            "Exit code 0 if all is well, 3 if anything is amiss, 4 if there is no such topic, 6 if no node answers."
        })
public final class ExplainVerb extends ClientVerb {
    /** A node that is up tells its events in milliseconds. */
    private static final Duration EVENTS_PATIENCE = Duration.ofSeconds(2);

    private static final int RECENT_EVENTS = 1_000;

    @Parameters(paramLabel = "TOPIC[/PARTITION]", description = "What to explain.")
    private String target;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "plain or json. Default: plain.")
    private OutputFormat format;

    public ExplainVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        PartitionTarget wanted = PartitionTarget.parseWithoutOffset(target);
        List<Explanation> explanations = TopicDiagnosis.of(evidence(), wanted.topic(), wanted.partition());
        if (format == OutputFormat.JSON) {
            terminal().println(Json.write(json(wanted, explanations)));
        } else {
            explanations.forEach(this::print);
        }
        if (explanations.stream().anyMatch(Explanation::isUnknown)) {
            return ExitCode.NOT_FOUND;
        }
        return explanations.stream().allMatch(Explanation::isWell) ? ExitCode.OK : ExitCode.UNHEALTHY;
    }

    private Evidence evidence() {
        try (ClusterProbe probe = new ClusterProbe()) {
            Map<Integer, DescribeClusterResponse> answers =
                    probe.answers(bootstrap().addresses(), timeout());
            List<String> addresses = new ArrayList<>();
            for (DescribeClusterResponse answer : answers.values()) {
                answer.getNodesList().stream()
                        .filter(node -> node.getNodeId() == answer.getNodeId())
                        .forEach(node -> addresses.add(node.getClientAddress()));
            }
            // Of memory alone: a node whose disk hangs must be able to answer too.
            Map<Integer, ListEventsResponse> events = probe.events(
                    addresses,
                    ListEventsRequest.newBuilder()
                            .setRecentOnly(true)
                            .setLimit(RECENT_EVENTS)
                            .build(),
                    EVENTS_PATIENCE);
            return new Evidence(answers, events);
        }
    }

    private void print(Explanation explanation) {
        terminal().println(explanation.sentence() + ".");
        for (Finding finding : explanation.findings()) {
            if (!finding.sentence().equals(explanation.sentence())) {
                terminal().println("");
                terminal().println("  " + mark(finding) + " " + finding.sentence() + ".");
            }
            finding.evidence().forEach(fact -> terminal().println("      · " + fact));
            if (!finding.next().isEmpty()) {
                terminal().println("    → " + finding.next());
            }
        }
        if (!explanation.isWell() && !explanation.history().isEmpty()) {
            terminal().println("");
            terminal().println("  lately:");
            explanation.history().forEach(event -> terminal().println("      · " + event));
        }
    }

    private static String mark(Finding finding) {
        return switch (finding.severity()) {
            case INFO -> "note:";
            case WARNING -> "warning:";
            case OUTAGE -> "outage:";
        };
    }

    private static Map<String, Object> json(PartitionTarget wanted, List<Explanation> explanations) {
        List<Object> all = new ArrayList<>();
        for (Explanation explanation : explanations) {
            List<Object> findings = new ArrayList<>();
            for (Finding finding : explanation.findings()) {
                findings.add(Json.object(
                        "cause", kebab(finding.cause()),
                        "severity", kebab(finding.severity()),
                        "sentence", finding.sentence(),
                        "evidence", finding.evidence(),
                        "next", finding.next()));
            }
            all.add(Json.object(
                    "subject", explanation.subject(),
                    "well", explanation.isWell(),
                    "outage", explanation.isOutage(),
                    "sentence", explanation.sentence(),
                    "findings", findings,
                    "history", explanation.history()));
        }
        return Json.object("topic", wanted.topic(), "explanations", all);
    }

    private static String kebab(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
