/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.cli.base.Bootstrap;
import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.Durations;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Progress;
import io.quorate.cli.base.Sizes;
import io.quorate.cli.data.PartitionTarget;
import io.quorate.cli.local.DevState;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.client.Admin.TopicInfo;
import io.quorate.client.Producer;
import io.quorate.client.ProducerConfig;
import io.quorate.client.QuorateClient;
import io.quorate.client.QuorateException;
import io.quorate.client.Reader;
import io.quorate.client.ReaderConfig;
import io.quorate.client.ReaderConfig.Position;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "bench",
        header = "Append as fast as told, measure, and check that nothing was lost.",
        description = {
            "By default in a closed loop: --in-flight records are unacknowledged at any time.",
            "With --rate in an open loop, where latency counts from when a record was due.",
            "The topic is created if it is missing.",
            "Exit code 1 if a record failed or --verify found anything wrong."
        })
public final class BenchVerb extends ClientVerb {
    private static final int MAX_RECORD_BYTES = 4 << 20;
    private static final int MAX_IN_FLIGHT = 10_000_000;
    private static final long RAW_DISK_LIMIT_NANOS = 10_000_000_000L;

    /** Optional only because {@code bench disk} has none. */
    @Parameters(index = "0", arity = "0..1", paramLabel = "TOPIC[/PARTITION]")
    private String target;

    @Option(
            names = {"-s", "--record-bytes"},
            paramLabel = "SIZE",
            defaultValue = "256",
            converter = Sizes.class,
            description = "16 bytes to 4 MiB. Default: ${DEFAULT-VALUE}.")
    private Integer recordBytes;

    @Option(
            names = {"-i", "--in-flight"},
            paramLabel = "N",
            defaultValue = "1000",
            description = "Unacknowledged records of the closed loop. Default: ${DEFAULT-VALUE}.")
    private int inFlight;

    @Option(
            names = {"-r", "--rate"},
            paramLabel = "N",
            defaultValue = "0",
            description = "Records per second of the open loop.")
    private double rate;

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            defaultValue = "10s",
            description = "How long to measure, the warm-up not counted. Default: ${DEFAULT-VALUE}.")
    private Duration duration;

    @Option(
            names = {"-n", "--records"},
            paramLabel = "N",
            defaultValue = "0",
            description = "How many records to measure, instead of how long.")
    private long records;

    @Option(
            names = "--warmup",
            paramLabel = "DURATION",
            defaultValue = "1s",
            description = "Default: ${DEFAULT-VALUE}.")
    private Duration warmup;

    @Option(
            names = {"-P", "--partition"},
            paramLabel = "N",
            description = "Append to this partition only.")
    private Integer partition;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "3",
            description = "Of the topic if it is created. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--linger", paramLabel = "DURATION", description = "How long a batch may wait for more records.")
    private Duration linger;

    @Option(
            names = "--batch-bytes",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "Size of a full batch.")
    private Integer batchBytes;

    @Option(names = "--max-batches", paramLabel = "N", description = "Batches under way to one partition.")
    private Integer maxBatches;

    @Option(
            names = "--verify",
            description = "Read everything back and count what is lost, duplicated, reordered, moved or corrupted.")
    private boolean verify;

    @Option(
            names = "--raw-disk",
            paramLabel = "DIR",
            description =
                    "Afterwards write as many bytes to three files in DIR, through the cache and directly, over blocks "
                            + "written before and at the end, and compare.")
    private Path rawDisk;

    @Option(
            names = "--raw-chunk-bytes",
            paramLabel = "SIZE",
            defaultValue = "256KiB",
            converter = Sizes.class,
            description = "With --raw-disk: written to a file before it is forced. Default: ${DEFAULT-VALUE}.")
    private Integer rawChunkBytes;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "PLAIN",
            description = "plain or json.")
    private OutputFormat format;

    private BenchVerb(CliContext context) {
        super(context);
    }

    public static CommandLine create(CliContext context) {
        return new CommandLine(new BenchVerb(context)).addSubcommand(new BenchDiskVerb(context));
    }

    @Override
    public Integer call() {
        if (target == null) {
            throw CliException.usage("no topic named", "quorate bench TOPIC; it is created if it is missing");
        }
        PartitionTarget where = PartitionTarget.parseWithoutOffset(target).withOption(partition);
        Load load = load();
        Bootstrap bootstrap = bootstrap();
        long runId = new SecureRandom().nextLong() | 1; // never 0
        BenchRecord form = new BenchRecord(runId, recordBytes);
        AckBook book = verify ? new AckBook() : null;
        Measurement measurement = new Measurement(book);
        BenchReport report;
        try (QuorateClient client = connect()) {
            TopicInfo topic = createIfMissing(client, where.topic());
            Map<Integer, Long> begin = verify ? tails(client, topic, where) : Map.of();
            OptionalDouble cpu = run(client, where, load, form, measurement, bootstrap);
            Optional<Verification.Result> verification =
                    verify ? Optional.of(verify(client, topic, where, begin, form, book)) : Optional.empty();
            List<DiskBaseline.Result> disk = rawDisk == null ? List.of() : rawDisk(measurement);
            report = report(where, topic, measurement, cpu, verification, disk);
        }
        if (format == OutputFormat.JSON) {
            terminal().println(Json.write(report.json()));
        } else {
            report.lines().forEach(terminal()::println);
        }
        return judge(report, measurement);
    }

    private Load load() {
        if (recordBytes < BenchRecord.MIN_BYTES || recordBytes > MAX_RECORD_BYTES) {
            throw CliException.usage("--record-bytes " + recordBytes + " is not 16 bytes to 4 MiB", "for example 1KiB");
        }
        if (inFlight < 1 || inFlight > MAX_IN_FLIGHT) {
            throw CliException.usage("--in-flight " + inFlight + " is not 1 to " + MAX_IN_FLIGHT, "for example 1000");
        }
        if (rate < 0 || records < 0) {
            throw CliException.usage("--rate and --records are not negative", "leave out what you do not mean");
        }
        if (rawDisk != null) {
            BenchDiskVerb.checkChunk(rawChunkBytes, "--raw-chunk-bytes");
        }
        return new Load(rate, inFlight, records, duration.toNanos(), warmup.toNanos());
    }

    private TopicInfo createIfMissing(QuorateClient client, String topic) {
        try {
            return client.admin().describeTopic(topic);
        } catch (QuorateException e) {
            if (!e.reason().equals("UNKNOWN_TOPIC")) {
                throw e;
            }
            return client.admin().createTopic(topic, partitions, 0);
        }
    }

    private OptionalDouble run(
            QuorateClient client,
            PartitionTarget where,
            Load load,
            BenchRecord form,
            Measurement measurement,
            Bootstrap bootstrap) {
        ProducerConfig defaults = ProducerConfig.DEFAULT;
        ProducerConfig config = new ProducerConfig(
                where.partition(),
                linger == null ? defaults.linger() : linger,
                batchBytes == null ? defaults.batchBytes() : batchBytes,
                defaults.maxBufferedBytes(),
                maxBatches == null ? defaults.maxInflightBatches() : maxBatches,
                defaults.deliveryTimeout());
        ServerCpu[] begin = new ServerCpu[1];
        try (Progress progress = new Progress(terminal(), () -> measurement.progress(System.nanoTime()));
                Producer producer = client.producer(where.topic(), config)) {
            load.run(producer, form, measurement, progress, () -> begin[0] = cpuNow(bootstrap));
        }
        return begin[0] == null ? OptionalDouble.empty() : cpuNow(bootstrap).secondsSince(begin[0]);
    }

    private ServerCpu cpuNow(Bootstrap bootstrap) {
        Path devDirectory = context.workingDirectory().resolve(DevState.DEFAULT_DIRECTORY);
        return ServerCpu.now(DevState.readIfPresent(devDirectory), bootstrap.addresses());
    }

    /** Next offset of each partition that the run may append to. */
    private static Map<Integer, Long> tails(QuorateClient client, TopicInfo topic, PartitionTarget where) {
        Map<Integer, Long> tails = new TreeMap<>();
        for (int i = 0; i < topic.partitions().size(); i++) {
            if (where.partition().isEmpty() || where.partition().getAsInt() == i) {
                tails.put(i, client.admin().tail(topic.name(), i).highWatermark());
            }
        }
        return tails;
    }

    private Verification.Result verify(
            QuorateClient client,
            TopicInfo topic,
            PartitionTarget where,
            Map<Integer, Long> begin,
            BenchRecord form,
            AckBook book) {
        Map<Integer, Long> end = tails(client, topic, where);
        Verification verification = new Verification(form, book);
        begin.forEach((number, from) -> {
            ReaderConfig config = new ReaderConfig(Position.offset(from), OptionalLong.of(end.get(number)), 0, false);
            try (Reader reader = client.reader(topic.name(), number, config)) {
                while (!reader.isFinished()) {
                    reader.poll(timeout()).forEach(verification::onRecord);
                }
            }
        });
        return verification.result();
    }

    private List<DiskBaseline.Result> rawDisk(Measurement measurement) {
        long bytes = Math.max(1, measurement.measured() * recordBytes);
        return new DiskBaseline(context.workingDirectory().resolve(rawDisk), 3, rawChunkBytes)
                .run(List.of(RawWrite.values()), bytes, RAW_DISK_LIMIT_NANOS);
    }

    private BenchReport report(
            PartitionTarget where,
            TopicInfo topic,
            Measurement measurement,
            OptionalDouble cpu,
            Optional<Verification.Result> verification,
            List<DiskBaseline.Result> disk) {
        String spread = where.partition().isPresent()
                ? "partition " + where.partition().getAsInt()
                : topic.partitions().size() + (topic.partitions().size() == 1 ? " partition" : " partitions");
        String loop = rate > 0
                ? String.format(Locale.ROOT, "open loop, %,.0f records/s", rate)
                : String.format(Locale.ROOT, "closed loop, %,d in flight", inFlight);
        return new BenchReport(
                topic.name(),
                spread + String.format(Locale.ROOT, " · %,d-byte records · ", recordBytes) + loop + " · warm-up "
                        + Durations.format(warmup.toNanos()),
                recordBytes,
                measurement.measured(),
                measurement.acknowledged(),
                measurement.failed(),
                measurement.failures(),
                measurement.elapsedNanos(),
                measurement.longestPauseNanos(),
                measurement.latencyMicros(),
                cpu,
                verification,
                disk);
    }

    private static int judge(BenchReport report, Measurement measurement) {
        boolean dirty = report.verification().map(found -> !found.isClean()).orElse(false);
        if (dirty) {
            throw CliException.failed(
                    "VERIFICATION_FAILED",
                    "what was read is not what was acknowledged",
                    "this must never happen: keep the data directories and the nodes' logs, and report it");
        }
        measurement.firstError().ifPresent(error -> {
            throw CliException.of(error);
        });
        return ExitCode.OK;
    }
}
