/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.QuorateClient;
import io.quorate.client.Reader;
import io.quorate.client.ReaderConfig;
import io.quorate.client.ReaderConfig.Position;
import io.quorate.client.ReceivedRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code read} and {@code tail} share. */
abstract class AbstractReadVerb extends ClientVerb {
    /** How soon a follower of many partitions notices that the limit has been reached by another. */
    private static final Duration POLL = Duration.ofMillis(500);

    private static final int MAX_PARTITIONS_FOLLOWED = 256;

    @Parameters(index = "0", paramLabel = "TOPIC[/PARTITION][@OFFSET]")
    private String target;

    @Option(
            names = {"-P", "--partition"},
            paramLabel = "N",
            description = "Read this partition only.")
    private Integer partition;

    @Option(
            names = {"-n", "--limit"},
            paramLabel = "N",
            defaultValue = "0",
            description = "End after this many records. Default: no limit.")
    private long limit;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "RAW",
            description = "raw: the value and a newline; json: one object per line. Default: ${DEFAULT-VALUE}.")
    private RecordPrinter.Format format;

    @Option(
            names = {"-k", "--key-separator"},
            paramLabel = "SEP",
            description = "With raw: print the key, if there is one, and SEP before the value.")
    private String keySeparator;

    @Option(
            names = "--replica",
            paramLabel = "leader|any|NODE",
            defaultValue = "leader",
            description = {
                "Who answers: the leader; any replica; or the one of this node if it can, else another. All that was"
                        + " acknowledged before is read in any case. Default: ${DEFAULT-VALUE}."
            })
    private String replica;

    @Option(
            names = "--may-lag",
            description =
                    "With --replica any or NODE: what that replica knows by itself will do. It may be old, and is there"
                            + " without a leader too.")
    private boolean mayLag;

    AbstractReadVerb(CliContext context) {
        super(context);
    }

    final PartitionTarget target() {
        if (limit < 0) {
            throw CliException.usage("--limit " + limit + " is negative", "0 is no limit");
        }
        return PartitionTarget.parse(target).withOption(partition);
    }

    final int read(PartitionTarget where, Position from, boolean follow) {
        KeySeparator separator = keySeparator == null ? null : new KeySeparator(keySeparator);
        RecordPrinter printer = new RecordPrinter(terminal(), where.topic(), format, separator);
        WhoAnswers who = WhoAnswers.parse(replica, mayLag);
        AtomicLong left = new AtomicLong(limit == 0 ? Long.MAX_VALUE : limit);
        try (QuorateClient client = connect()) {
            List<Integer> partitions = partitions(client, where, from);
            if (follow && partitions.size() > 1) {
                followAll(client, where.topic(), partitions, from, who, printer, left);
            } else {
                for (int each : partitions) {
                    readOne(client, where.topic(), each, from, follow, who, printer, left);
                }
            }
        }
        return ExitCode.OK;
    }

    private static List<Integer> partitions(QuorateClient client, PartitionTarget where, Position from) {
        if (where.partition().isPresent()) {
            return List.of(where.partition().getAsInt());
        }
        int count = client.admin().describeTopic(where.topic()).partitions().size();
        if (count > 1 && from instanceof Position.Offset) {
            throw CliException.usage(
                    where.topic() + " has " + count + " partitions, and each has its own offsets",
                    "name a partition: " + where.topic() + "/0@…");
        }
        List<Integer> partitions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            partitions.add(i);
        }
        return partitions;
    }

    private void followAll(
            QuorateClient client,
            String topic,
            List<Integer> partitions,
            Position from,
            WhoAnswers who,
            RecordPrinter printer,
            AtomicLong left) {
        if (partitions.size() > MAX_PARTITIONS_FOLLOWED) {
            throw CliException.usage(
                    topic + " has " + partitions.size() + " partitions; one command follows at most "
                            + MAX_PARTITIONS_FOLLOWED,
                    "name a partition");
        }
        ExecutorService threads = Executors.newFixedThreadPool(partitions.size(), task -> {
            Thread thread = new Thread(task, "quorate-read");
            thread.setDaemon(true);
            return thread;
        });
        try {
            ExecutorCompletionService<Void> readers = new ExecutorCompletionService<>(threads);
            List<Future<Void>> running = new ArrayList<>();
            for (int each : partitions) {
                running.add(readers.submit(() -> {
                    readOne(client, topic, each, from, true, who, printer, left);
                    return null;
                }));
            }
            for (int i = 0; i < running.size(); i++) {
                readers.take().get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            threads.shutdownNow();
        }
    }

    private void readOne(
            QuorateClient client,
            String topic,
            int each,
            Position from,
            boolean follow,
            WhoAnswers who,
            RecordPrinter printer,
            AtomicLong left) {
        if (left.get() <= 0) {
            return;
        }
        long readerLimit = limit == 0 ? 0 : left.get();
        ReaderConfig config = new ReaderConfig(from, OptionalLong.empty(), readerLimit, follow);
        try (Reader reader = client.reader(topic, each, who.applyTo(config))) {
            while (!reader.isFinished() && left.get() > 0) {
                for (ReceivedRecord record : reader.poll(follow ? POLL : timeout())) {
                    if (left.getAndDecrement() <= 0) {
                        return;
                    }
                    printer.print(record);
                }
                terminal().flush();
            }
        }
    }
}
