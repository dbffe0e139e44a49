/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.topic;

import io.quorate.cli.base.Durations;
import io.quorate.cli.base.LongSizes;
import io.quorate.cli.base.Sizes;
import io.quorate.client.TopicOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/** What may be set about a topic, when it is created and later. */
final class RetentionOptions {
    @Option(
            names = "--max-batch-bytes",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "Largest record batch that the topic takes; 0: the cluster's limit.")
    private Integer maxBatchBytes;

    @Option(
            names = "--retention",
            paramLabel = "DURATION",
            converter = Durations.class,
            description = "Age from which on records may be deleted, a segment of the log at a time; 0: never.")
    private Duration retention;

    @Option(
            names = "--retention-bytes",
            paramLabel = "SIZE",
            converter = LongSizes.class,
            description = "Delete the oldest records of a partition as long as this much is left; 0: never.")
    private Long retentionBytes;

    boolean areGiven() {
        return maxBatchBytes != null || retention != null || retentionBytes != null;
    }

    TopicOptions options() {
        TopicOptions options = TopicOptions.NONE;
        options = maxBatchBytes == null ? options : options.withMaxBatchBytes(maxBatchBytes);
        options = retention == null ? options : options.withRetention(retention);
        return retentionBytes == null ? options : options.withRetentionBytes(retentionBytes);
    }
}
