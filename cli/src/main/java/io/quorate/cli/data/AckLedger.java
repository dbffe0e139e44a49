/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.Durations;
import io.quorate.cli.output.Json;
import io.quorate.client.AppendResult;
import io.quorate.client.Producer;
import io.quorate.client.QuorateException;
import io.quorate.client.QuorateException.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * What became of the records of one {@code append}: how many are acknowledged and where they are. Thread-safe; it may be
 * asked at any time, which is what an interrupted append does.
 */
final class AckLedger implements Producer.Callback {
    /** Offsets of acknowledged records of one partition. Records of other producers may lie between them. */
    private record Range(long first, long last, long generation, long count) {
        Range with(AppendResult result) {
            return new Range(
                    Math.min(first, result.offset()),
                    Math.max(last, result.offset()),
                    Math.max(generation, result.generation()),
                    count + 1);
        }
    }

    private final String topic;
    private final LongSupplier nanoTime;
    private final Map<Integer, Range> ranges = new TreeMap<>();
    private final long startNanos;
    private long sent;
    private long acknowledged;
    private long surelyNotApplied;
    private long unknown;
    private long lastAckNanos;
    private long longestPauseNanos;
    private QuorateException firstError;

    AckLedger(String topic, LongSupplier nanoTime) {
        this.topic = topic;
        this.nanoTime = nanoTime;
        startNanos = nanoTime.getAsLong();
        lastAckNanos = startNanos;
    }

    synchronized void onSend() {
        sent++;
    }

    @Override
    public synchronized void onCompletion(AppendResult result, QuorateException error) {
        if (error != null) {
            if (error.outcome() == Outcome.NOT_APPLIED) {
                surelyNotApplied++;
            } else {
                unknown++;
            }
            firstError = firstError == null ? error : firstError;
            return;
        }
        long now = nanoTime.getAsLong();
        if (acknowledged > 0) {
            longestPauseNanos = Math.max(longestPauseNanos, now - lastAckNanos);
        }
        lastAckNanos = now;
        acknowledged++;
        Range range = ranges.get(result.partition());
        ranges.put(
                result.partition(),
                range == null
                        ? new Range(result.offset(), result.offset(), result.generation(), 1)
                        : range.with(result));
    }

    synchronized Optional<QuorateException> firstError() {
        return Optional.ofNullable(firstError);
    }

    synchronized String progress() {
        return String.format(Locale.ROOT, "sent %,d · acknowledged %,d", sent, acknowledged);
    }

    /** One line in all, and one per partition. */
    synchronized List<String> summary() {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        line.append(String.format(
                Locale.ROOT,
                "acknowledged %,d %s in %s",
                acknowledged,
                acknowledged == 1 ? "record" : "records",
                Durations.format(elapsedNanos())));
        if (acknowledged > 1) {
            line.append(String.format(
                    Locale.ROOT,
                    " · %,.0f records/s · longest pause between acknowledgements %s",
                    perSecond(),
                    Durations.format(longestPauseNanos)));
        }
        lines.add(line.toString());
        long open = sent - acknowledged;
        if (open > 0) {
            lines.add(String.format(
                    Locale.ROOT,
                    "not acknowledged %,d: surely not in the log %,d, unknown %,d",
                    open,
                    surelyNotApplied,
                    open - surelyNotApplied));
        }
        ranges.forEach((partition, range) -> lines.add(String.format(
                Locale.ROOT,
                "%s/%d @%s  generation %d%s",
                topic,
                partition,
                range.first() == range.last() ? String.valueOf(range.first()) : range.first() + ".." + range.last(),
                range.generation(),
                range.count() == range.last() - range.first() + 1
                        ? ""
                        : String.format(Locale.ROOT, "  (%,d records, others between them)", range.count()))));
        return lines;
    }

    synchronized Map<String, Object> json() {
        List<Object> partitions = new ArrayList<>();
        ranges.forEach((partition, range) -> partitions.add(Json.object(
                "partition", partition,
                "records", range.count(),
                "firstOffset", range.first(),
                "lastOffset", range.last(),
                "generation", range.generation())));
        return Json.object(
                "topic", topic,
                "sent", sent,
                "acknowledged", acknowledged,
                "notApplied", surelyNotApplied,
                "unknown", sent - acknowledged - surelyNotApplied,
                "elapsedMs", millis(elapsedNanos()),
                "recordsPerSecond", Math.round(perSecond()),
                "longestPauseMs", millis(longestPauseNanos),
                "partitions", partitions);
    }

    private long elapsedNanos() {
        return (acknowledged > 0 ? lastAckNanos : nanoTime.getAsLong()) - startNanos;
    }

    private double perSecond() {
        return elapsedNanos() == 0 ? 0 : acknowledged * 1e9 / elapsedNanos();
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }
}
