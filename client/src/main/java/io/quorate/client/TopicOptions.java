/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Settings of a topic, as far as they are to be set; what is empty has its default, or stays as it is.
 *
 * @param maxBatchBytes  largest record batch that it takes; 0: the cluster's limit
 * @param retention      age from which on records may be deleted; {@link Duration#ZERO}: no limit
 * @param retentionBytes of each partition's log that are kept at least; 0: no limit
 */
public record TopicOptions(OptionalInt maxBatchBytes, Optional<Duration> retention, OptionalLong retentionBytes) {
    public static final TopicOptions NONE =
            new TopicOptions(OptionalInt.empty(), Optional.empty(), OptionalLong.empty());

    public TopicOptions withMaxBatchBytes(int bytes) {
        return new TopicOptions(OptionalInt.of(bytes), retention, retentionBytes);
    }

    public TopicOptions withRetention(Duration age) {
        return new TopicOptions(maxBatchBytes, Optional.of(age), retentionBytes);
    }

    public TopicOptions withRetentionBytes(long bytes) {
        return new TopicOptions(maxBatchBytes, retention, OptionalLong.of(bytes));
    }
}
