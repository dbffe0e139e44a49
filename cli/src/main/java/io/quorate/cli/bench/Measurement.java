/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.client.AppendResult;
import io.quorate.client.QuorateException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * What one run measured. Latency is from when a record was due to when its acknowledgement came, so that a stall counts
 * for everything that it made late. Records due before the warm-up ended are booked, and not measured. Thread-safe.
 */
final class Measurement {
    private static final long HIGHEST_MICROS = 120_000_000L;
    private static final int SIGNIFICANT_DIGITS = 3;

    private final AckBook book;
    private final Histogram latencyMicros = new Histogram(HIGHEST_MICROS, SIGNIFICANT_DIGITS);
    private final Map<String, Long> failures = new TreeMap<>();
    private long measureFromNanos;
    private long measured;
    private long acknowledged;
    private long failed;
    private long lastAckNanos;
    private long longestPauseNanos;
    private QuorateException firstError;

    /** @param book null: nobody will ask where the records are */
    Measurement(AckBook book) {
        this.book = book;
    }

    /** @param nanos of {@link System#nanoTime}; records due from then on are measured */
    synchronized void measureFrom(long nanos) {
        measureFromNanos = nanos;
        lastAckNanos = nanos;
    }

    synchronized void onAck(long sequence, long dueNanos, long nowNanos, AppendResult result) {
        acknowledged++;
        if (book != null) {
            book.put(sequence, result.partition(), result.offset());
        }
        if (dueNanos - measureFromNanos < 0) {
            return;
        }
        measured++;
        longestPauseNanos = Math.max(longestPauseNanos, nowNanos - lastAckNanos);
        lastAckNanos = nowNanos;
        latencyMicros.recordValue(Math.min(HIGHEST_MICROS, Math.max(0, (nowNanos - dueNanos) / 1_000)));
    }

    synchronized void onFailure(QuorateException error) {
        failed++;
        failures.merge(error.reason() + " (" + error.outcome().name().toLowerCase(Locale.ROOT) + ")", 1L, Long::sum);
        firstError = firstError == null ? error : firstError;
    }

    /** Of every record, the warm-up's included. */
    synchronized long acknowledged() {
        return acknowledged;
    }

    synchronized long measured() {
        return measured;
    }

    synchronized long failed() {
        return failed;
    }

    synchronized Optional<QuorateException> firstError() {
        return Optional.ofNullable(firstError);
    }

    /** Failed records by reason and outcome. */
    synchronized Map<String, Long> failures() {
        return new TreeMap<>(failures);
    }

    /** From the end of the warm-up to the last acknowledgement; the end of the run counts as a possible pause too. */
    synchronized long elapsedNanos() {
        return lastAckNanos - measureFromNanos;
    }

    synchronized long longestPauseNanos() {
        return longestPauseNanos;
    }

    synchronized Histogram latencyMicros() {
        return latencyMicros.copy();
    }

    synchronized String progress(long nowNanos) {
        double seconds = (nowNanos - measureFromNanos) / 1e9;
        if (seconds <= 0) {
            return String.format(Locale.ROOT, "warming up · acknowledged %,d", acknowledged);
        }
        return String.format(
                Locale.ROOT,
                "%.1f s · acknowledged %,d · %,.0f records/s · p99 %.1f ms · failed %,d",
                seconds,
                measured,
                measured / seconds,
                latencyMicros.getValueAtPercentile(99) / 1e3,
                failed);
    }
}
