/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.cli.base.Progress;
import io.quorate.client.AppendResult;
import io.quorate.client.LogRecord;
import io.quorate.client.Producer;
import io.quorate.client.QuorateException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends the records of a run from one thread. Closed loop: as many as {@code inFlight} are unacknowledged at any time, and
 * a record is due when it is sent. Open loop: record i is due {@code i / rate} seconds after the start, however the
 * cluster is doing.
 *
 * @param rate       records per second; 0: closed loop
 * @param inFlight   of the closed loop
 * @param records    in all, the warm-up's not counted; 0: no bound
 * @param runNanos   after the warm-up; ignored if {@code records} is given
 */
record Load(double rate, int inFlight, long records, long runNanos, long warmupNanos) {
    private static final long PROGRESS_NANOS = 50_000_000L;

    /**
     * Returns when everything is acknowledged or has failed.
     *
     * @param onMeasure runs when the warm-up is over
     */
    void run(Producer producer, BenchRecord form, Measurement measurement, Progress progress, Runnable onMeasure) {
        // The open loop takes none, and only gives back: records in flight are its queue, and the producer bounds it.
        Semaphore slots = new Semaphore(rate > 0 ? 0 : inFlight);
        long start = System.nanoTime();
        long measureStart = start + warmupNanos;
        measurement.measureFrom(measureStart);
        boolean warm = false;
        long measuredRecords = 0;
        for (long sequence = 0; ; sequence++) {
            long due = awaitTurn(sequence, start, slots, progress);
            if (!warm && due - measureStart >= 0) {
                warm = true;
                onMeasure.run();
            }
            if (warm && (records > 0 ? measuredRecords == records : due - measureStart >= runNanos)) {
                break;
            }
            measuredRecords += warm ? 1 : 0;
            send(producer, form, measurement, slots, sequence, due);
            if (measurement.firstError().filter(error -> !error.isRetriable()).isPresent()) {
                break; // it would only be told the same again
            }
        }
        producer.flush();
    }

    private static void send(
            Producer producer, BenchRecord form, Measurement measurement, Semaphore slots, long sequence, long due) {
        Producer.Callback callback = (AppendResult result, QuorateException error) -> {
            if (error == null) {
                measurement.onAck(sequence, due, System.nanoTime(), result);
            } else {
                measurement.onFailure(error);
            }
            slots.release();
        };
        try {
            producer.send(LogRecord.of(form.encode(sequence)), callback);
        } catch (QuorateException refused) {
            callback.onCompletion(null, refused);
        }
    }

    /** Waits until the record may be sent and returns when it was due. */
    private long awaitTurn(long sequence, long start, Semaphore slots, Progress progress) {
        progress.tick();
        try {
            if (rate <= 0) {
                while (!slots.tryAcquire(PROGRESS_NANOS, TimeUnit.NANOSECONDS)) {
                    progress.tick();
                }
                return System.nanoTime();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuorateException("INTERRUPTED", "interrupted", false, QuorateException.Outcome.UNKNOWN, e);
        }
        long due = start + (long) (sequence * 1e9 / rate);
        long wait = due - System.nanoTime();
        while (wait > 0) {
            LockSupport.parkNanos(Math.min(wait, PROGRESS_NANOS));
            progress.tick();
            wait = due - System.nanoTime();
        }
        return due;
    }
}
