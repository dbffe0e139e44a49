/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.cli.base.Durations;
import io.quorate.cli.output.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * The outcome of one run, for people and as JSON.
 *
 * @param shape             topic and load in words
 * @param acknowledged      measured records, without the warm-up's
 * @param acknowledgedInAll with the warm-up's
 * @param failures          failed records by reason and outcome
 * @param serverCpuSeconds  of all nodes while measuring, if known
 * @param rawDisk           what the disk alone did, if that was asked
 */
record BenchReport(
        String topic,
        String shape,
        int recordBytes,
        long acknowledged,
        long acknowledgedInAll,
        long failed,
        Map<String, Long> failures,
        long elapsedNanos,
        long longestPauseNanos,
        Histogram latencyMicros,
        OptionalDouble serverCpuSeconds,
        Optional<Verification.Result> verification,
        List<DiskBaseline.Result> rawDisk) {

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("bench     " + topic + " · " + shape);
        lines.add(String.format(
                Locale.ROOT,
                "acked     %,d records in %s · %,.0f records/s · %.1f MB/s · failed %,d",
                acknowledged,
                Durations.format(elapsedNanos),
                recordsPerSecond(),
                megabytesPerSecond(),
                failed));
        failures.forEach((reason, count) -> lines.add(String.format(Locale.ROOT, "          %s: %,d", reason, count)));
        lines.add("latency   p50 " + millis(50) + " · p90 " + millis(90) + " · p99 " + millis(99) + " · p99.9 "
                + millis(99.9) + " · max " + millis(100) + " ms");
        lines.add("pause     longest between two acknowledgements " + Durations.format(longestPauseNanos));
        cpuPerMillion()
                .ifPresent(seconds -> lines.add(String.format(
                        Locale.ROOT, "servers   %.1f CPU seconds per million records, all nodes together", seconds)));
        verification.ifPresent(found -> lines.add(String.format(
                Locale.ROOT,
                "verify    acked %,d · read %,d · lost %,d · duplicated %,d · reordered %,d · moved %,d · corrupted %,d%s",
                acknowledgedInAll,
                found.read(),
                found.lost(),
                found.duplicated(),
                found.reordered(),
                found.moved(),
                found.corrupted(),
                found.unacknowledged() == 0
                        ? ""
                        : String.format(Locale.ROOT, " · there without acknowledgement %,d", found.unacknowledged()))));
        rawDisk.forEach(disk -> lines.add("raw disk  " + disk.line()
                + String.format(Locale.ROOT, " · the cluster reached %.0f %%", 100 * shareOf(disk))));
        return lines;
    }

    Map<String, Object> json() {
        Map<String, Object> object = Json.object(
                "topic",
                topic,
                "load",
                shape,
                "recordBytes",
                recordBytes,
                "acknowledged",
                acknowledged,
                "acknowledgedInAll",
                acknowledgedInAll,
                "failed",
                failed,
                "failures",
                new TreeMap<>(failures),
                "elapsedMs",
                elapsedNanos / 1e6,
                "recordsPerSecond",
                recordsPerSecond(),
                "megabytesPerSecond",
                megabytesPerSecond(),
                "latencyMs",
                Json.object(
                        "p50", percentile(50),
                        "p90", percentile(90),
                        "p99", percentile(99),
                        "p999", percentile(99.9),
                        "max", percentile(100)),
                "longestPauseMs",
                longestPauseNanos / 1e6);
        OptionalDouble cpu = cpuPerMillion();
        object.put("serverCpuSecondsPerMillionRecords", cpu.isPresent() ? cpu.getAsDouble() : null);
        verification.ifPresent(found -> object.put(
                "verification",
                Json.object(
                        "read", found.read(),
                        "lost", found.lost(),
                        "duplicated", found.duplicated(),
                        "reordered", found.reordered(),
                        "moved", found.moved(),
                        "corrupted", found.corrupted(),
                        "unacknowledged", found.unacknowledged())));
        List<Object> raw = new ArrayList<>();
        for (DiskBaseline.Result disk : rawDisk) {
            Map<String, Object> one = disk.json();
            one.put("clusterShare", shareOf(disk));
            raw.add(one);
        }
        if (!raw.isEmpty()) {
            object.put("rawDisk", raw);
        }
        return object;
    }

    private double shareOf(DiskBaseline.Result disk) {
        return megabytesPerSecond() / disk.megabytesPerSecond();
    }

    double recordsPerSecond() {
        return elapsedNanos <= 0 ? 0 : acknowledged * 1e9 / elapsedNanos;
    }

    double megabytesPerSecond() {
        return recordsPerSecond() * recordBytes / 1e6;
    }

    private OptionalDouble cpuPerMillion() {
        return serverCpuSeconds.isPresent() && acknowledged > 0
                ? OptionalDouble.of(serverCpuSeconds.getAsDouble() * 1e6 / acknowledged)
                : OptionalDouble.empty();
    }

    private double percentile(double percentile) {
        return latencyMicros.getValueAtPercentile(percentile) / 1e3;
    }

    private String millis(double percentile) {
        return String.format(Locale.ROOT, "%.1f", percentile(percentile));
    }
}
