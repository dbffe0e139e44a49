/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * @param partition        send everything to this partition; empty: by key hash, or sticky by batch without a key
 * @param linger           how long a batch may wait for more records while others are under way; 0: never
 * @param batchBytes       a batch is sent when it has this size
 * @param maxBufferedBytes records accepted but not yet acknowledged; {@code send} blocks above
 * @param maxInflightBatches batches under way to one partition
 * @param deliveryTimeout  after this the result is a DeadlineExceeded with unknown outcome
 */
public record ProducerConfig(
        OptionalInt partition,
        Duration linger,
        int batchBytes,
        long maxBufferedBytes,
        int maxInflightBatches,
        Duration deliveryTimeout) {
    public static final ProducerConfig DEFAULT = new ProducerConfig(
            OptionalInt.empty(), Duration.ofMillis(2), 256 << 10, 32 << 20, 16, Duration.ofSeconds(30));
}
