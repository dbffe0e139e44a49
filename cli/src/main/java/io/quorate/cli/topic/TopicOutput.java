/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.Durations;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.cli.output.Table;
import io.quorate.cli.output.Terminal;
import io.quorate.client.Admin.PartitionInfo;
import io.quorate.client.Admin.TopicInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The {@code --output} of the topic verbs, and how they show topics. */
final class TopicOutput {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, plain or json. Default: table on a terminal, else plain.")
    private OutputFormat format;

    void printTopics(Terminal terminal, List<TopicInfo> topics) {
        OutputFormat chosen = format(terminal);
        if (chosen == OutputFormat.JSON) {
            List<Object> objects = new ArrayList<>();
            topics.forEach(topic -> objects.add(json(topic)));
            terminal.println(Json.write(Json.object("topics", objects)));
            return;
        }
        Table table = new Table("TOPIC", ">PARTITIONS", ">REPLICAS", ">MAX BATCH BYTES", "RETENTION");
        for (TopicInfo topic : topics) {
            table.row(
                    topic.name(),
                    topic.partitions().size(),
                    topic.replicationFactor(),
                    topic.maxBatchBytes(),
                    retention(topic));
        }
        chosen.print(terminal, table);
    }

    void printTopic(Terminal terminal, TopicInfo topic) {
        OutputFormat chosen = format(terminal);
        if (chosen == OutputFormat.JSON) {
            terminal.println(Json.write(json(topic)));
            return;
        }
        Table table = new Table("PARTITION", ">LEADER", ">GENERATION", "REPLICAS");
        for (PartitionInfo partition : topic.partitions()) {
            table.row(
                    topic.name() + "/" + partition.partition(),
                    partition.leaderId() == 0 ? "none" : partition.leaderId(),
                    partition.generation(),
                    partition.replicas().stream().map(String::valueOf).collect(Collectors.joining(","))
                            + (partition.leaving().isEmpty()
                                            && partition.joining().isEmpty()
                                    ? ""
                                    : " (from " + partition.leaving() + " to " + partition.joining() + ")"));
        }
        chosen.print(terminal, table);
    }

    /** What was done to a topic: a sentence, or the topic as JSON. */
    void printChange(Terminal terminal, String sentence, TopicInfo topic) {
        terminal.println(format == OutputFormat.JSON ? Json.write(json(topic)) : sentence);
    }

    /** For example "kept for ever", "kept for 7 d or down to 1073741824 bytes". */
    static String retention(TopicInfo topic) {
        boolean byAge = !topic.retention().isZero();
        boolean bySize = topic.retentionBytes() > 0;
        if (!byAge && !bySize) {
            return "kept for ever";
        }
        return "kept " + (byAge ? "for " + age(topic.retention()) : "")
                + (byAge && bySize ? " or " : "")
                + (bySize ? "down to " + topic.retentionBytes() + " bytes" : "");
    }

    private static String age(Duration age) {
        if (age.toMillis() % Duration.ofDays(1).toMillis() == 0) {
            return age.toDays() + " d";
        }
        return age.toMillis() % Duration.ofHours(1).toMillis() == 0
                ? age.toHours() + " h"
                : Durations.format(age.toNanos());
    }

    boolean isJson() {
        return format == OutputFormat.JSON;
    }

    static Map<String, Object> json(TopicInfo topic) {
        List<Object> partitions = new ArrayList<>();
        for (PartitionInfo partition : topic.partitions()) {
            partitions.add(Json.object(
                    "partition", partition.partition(),
                    "groupId", partition.groupId(),
                    "replicas", partition.replicas(),
                    "leaderId", partition.leaderId(),
                    "generation", partition.generation(),
                    "leaving", partition.leaving(),
                    "joining", partition.joining()));
        }
        return Json.object(
                "name", topic.name(),
                "replicationFactor", topic.replicationFactor(),
                "maxBatchBytes", topic.maxBatchBytes(),
                "retentionMs", topic.retention().toMillis(),
                "retentionBytes", topic.retentionBytes(),
                "partitions", partitions);
    }

    private OutputFormat format(Terminal terminal) {
        return format != null ? format : terminal.outIsTty() ? OutputFormat.TABLE : OutputFormat.PLAIN;
    }
}
