/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import io.quorate.cli.events.EventPrinter.Located;
import io.quorate.cli.explain.Finding.Cause;
import io.quorate.cli.explain.Finding.Severity;
import io.quorate.v1.EventKind;
import io.quorate.v1.Partition;
import io.quorate.v1.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** How a topic is: all its partitions or one of them, or why there is nothing to tell. */
final class TopicDiagnosis {
    private TopicDiagnosis() {}

    /** One for each partition that is asked for; one alone if there is no such topic or partition. */
    static List<Explanation> of(Evidence evidence, String name, OptionalInt partition) {
        Optional<Topic> topic = evidence.topic(name);
        if (topic.isEmpty()) {
            return List.of(missing(evidence, name));
        }
        List<Explanation> explanations = new ArrayList<>();
        for (Partition each : topic.get().getPartitionsList()) {
            if (partition.isEmpty() || partition.getAsInt() == each.getPartition()) {
                explanations.add(withFormerTopic(evidence, name, Diagnosis.of(evidence, name, each)));
            }
        }
        if (explanations.isEmpty()) {
            int last = topic.get().getPartitionsCount() - 1;
            String sentence = "topic " + name + " has partitions 0 to " + last + ", not " + partition.getAsInt();
            return List.of(alone(
                    name + "/" + partition.getAsInt(),
                    new Finding(
                            Cause.UNKNOWN_PARTITION,
                            Severity.OUTAGE,
                            sentence,
                            List.of(),
                            "quorate topic alter " + name + " --partitions adds some")));
        }
        return explanations;
    }

    private static Explanation missing(Evidence evidence, String name) {
        List<String> facts = new ArrayList<>();
        facts.add("asked: " + Diagnosis.names(List.copyOf(evidence.answers().keySet())));
        if (!evidence.cluster().metadata().hasLeader()) {
            facts.add(
                    "the registry of topics has no leader now: a topic may have been made that these nodes have not heard"
                            + " of yet");
        }
        Optional<Located> deleted = deletion(evidence, name);
        if (deleted.isPresent()) {
            facts.add(evidence.describe(deleted.get()));
            return alone(
                    name,
                    new Finding(
                            Cause.TOPIC_DELETED,
                            Severity.OUTAGE,
                            "topic " + name + " was deleted",
                            facts,
                            "quorate topic create " + name + " makes a new one, with offsets of its own"));
        }
        return alone(
                name,
                new Finding(
                        Cause.UNKNOWN_TOPIC,
                        Severity.OUTAGE,
                        "no node that answers knows a topic " + name,
                        facts,
                        "quorate topic list shows the topics, quorate topic create " + name + " makes it"));
    }

    private static Explanation alone(String subject, Finding finding) {
        return new Explanation(subject, finding.sentence(), List.of(finding), List.of());
    }

    private static Optional<Located> deletion(Evidence evidence, String name) {
        return evidence.last(
                EventKind.EVENT_KIND_TOPIC_DELETED, event -> event.getDetail().startsWith(name + "/"));
    }

    /** Who still holds on to a former topic of the name is refused, whatever state the present one is in. */
    private static Explanation withFormerTopic(Evidence evidence, String name, Explanation explanation) {
        Optional<Located> deleted = deletion(evidence, name);
        if (deleted.isEmpty()) {
            return explanation;
        }
        List<Finding> findings = new ArrayList<>(explanation.findings());
        findings.add(new Finding(
                Cause.TOPIC_RECREATED,
                Severity.INFO,
                "an earlier topic " + name + " was deleted, and this one created under its name: clients that were"
                        + " connected before are refused as TOPIC_RECREATED",
                List.of(evidence.describe(deleted.get())),
                "clients that are refused start anew; their offsets are of the former topic"));
        return new Explanation(explanation.subject(), explanation.sentence(), findings, explanation.history());
    }
}
