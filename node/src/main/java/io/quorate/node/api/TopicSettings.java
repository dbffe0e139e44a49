/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What may be changed about a topic.
 *
 * @param maxBatchBytes   largest batch that it takes; 0: the cluster's limit
 * @param retentionMillis age from which on records may go; 0: no limit
 * @param retentionBytes  of each partition that are kept at least; 0: no limit
 */
public record TopicSettings(int maxBatchBytes, long retentionMillis, long retentionBytes) {
    public static final TopicSettings DEFAULT = new TopicSettings(0, 0, 0);

    /** What is to be changed; empty: stays as it is. */
    public record Change(OptionalInt maxBatchBytes, OptionalLong retentionMillis, OptionalLong retentionBytes) {
        public static final Change NONE = new Change(OptionalInt.empty(), OptionalLong.empty(), OptionalLong.empty());

        public static Change ofMaxBatchBytes(int bytes) {
            return new Change(OptionalInt.of(bytes), OptionalLong.empty(), OptionalLong.empty());
        }

        public TopicSettings applyTo(TopicSettings settings) {
            return new TopicSettings(
                    maxBatchBytes.orElse(settings.maxBatchBytes),
                    retentionMillis.orElse(settings.retentionMillis),
                    retentionBytes.orElse(settings.retentionBytes));
        }
    }
}
