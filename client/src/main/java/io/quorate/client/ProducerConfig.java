/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * How a producer batches, and what it promises itself.
 *
 * @param partition        send everything to this partition; empty: by key hash, or sticky by batch without a key
 * @param linger           how long a batch may wait for more records while others are under way; 0: never
 * @param batchBytes       a batch is sent when it has this size
 * @param maxBufferedBytes records accepted but not yet acknowledged; {@code send} blocks above
 * @param maxInflightBatches batches under way to one partition, 1 to 64
 * @param deliveryTimeout  after this the result is a DeadlineExceeded with unknown outcome
 */
public record ProducerConfig(
        OptionalInt partition,
        Duration linger,
        int batchBytes,
        long maxBufferedBytes,
        int maxInflightBatches,
        Duration deliveryTimeout) {
    /** 2 ms linger, 256 KiB batches, 32 MiB buffered, 16 batches in flight, 30 s until delivery is given up. */
    public static final ProducerConfig DEFAULT = new ProducerConfig(
            OptionalInt.empty(), Duration.ofMillis(2), 256 << 10, 32 << 20, 16, Duration.ofSeconds(30));

    private static final int MAX_INFLIGHT_BATCHES = 64;

    public ProducerConfig {
        require(partition.orElse(0) >= 0, "partition", partition);
        require(!linger.isNegative(), "linger", linger);
        require(batchBytes > 0, "batchBytes", batchBytes);
        require(maxBufferedBytes > 0, "maxBufferedBytes", maxBufferedBytes);
        require(maxInflightBatches > 0, "maxInflightBatches", maxInflightBatches);
        if (maxInflightBatches > MAX_INFLIGHT_BATCHES) {
            throw new IllegalArgumentException("maxInflightBatches is " + maxInflightBatches + "; "
                    + MAX_INFLIGHT_BATCHES + " is the most, since a partition tells repetitions of that many batches");
        }
        require(!deliveryTimeout.isNegative() && !deliveryTimeout.isZero(), "deliveryTimeout", deliveryTimeout);
    }

    private static void require(boolean holds, String name, Object value) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + value + ", which is too small");
        }
    }
}
