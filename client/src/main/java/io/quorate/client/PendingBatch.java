/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import com.google.protobuf.ByteString;
import io.quorate.wire.RecordBatchBuilder;
import io.quorate.wire.RecordHeader;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Records of one partition on their way, from the first one added until the batch is acknowledged or has failed. Guarded
 * by its {@link Accumulator} until it is taken from there, then loop only.
 */
final class PendingBatch {
    /** What may have become of it. */
    enum Fate {
        /** No node has it. */
        NOT_SENT,
        /** It was in a session that ended because a node refused this batch or one beside it. */
        IN_REFUSED_SESSION,
        /** Some node may have it in its log. */
        UNCERTAIN
    }

    private final RecordBatchBuilder builder;
    private final long ordinal;
    private final long createdNanos;
    private Producer.Callback[] callbacks = new Producer.Callback[8];
    private long reservedBytes;

    private ByteString bytes = ByteString.EMPTY;
    private boolean numbered;
    private long requestId;
    private Fate fate = Fate.NOT_SENT;
    private OptionalLong triedSince = OptionalLong.empty();

    /** @param ordinal place among all batches of the partition, from 1 */
    PendingBatch(long ordinal, int expectedBytes, long createdNanos) {
        this.ordinal = ordinal;
        this.builder = new RecordBatchBuilder(expectedBytes);
        this.createdNanos = createdNanos;
    }

    void append(
            long timestamp,
            byte[] key,
            byte[] value,
            List<RecordHeader> headers,
            Producer.Callback callback,
            long reserved) {
        int index = builder.recordCount();
        builder.append(timestamp, key, value, headers);
        if (index == callbacks.length) {
            callbacks = Arrays.copyOf(callbacks, index * 2);
        }
        callbacks[index] = callback;
        reservedBytes += reserved;
    }

    int sizeBytes() {
        return builder.sizeBytes();
    }

    int recordCount() {
        return builder.recordCount();
    }

    long ordinal() {
        return ordinal;
    }

    long createdNanos() {
        return createdNanos;
    }

    long reservedBytes() {
        return reservedBytes;
    }

    Producer.Callback callback(int index) {
        return callbacks[index];
    }

    /** Closes the batch under a number, or under a new one if it has one already. */
    void number(long producerId, long baseSequence, long newRequestId) {
        bytes = numbered
                ? builder.rebuildView(producerId, 0, baseSequence)
                : builder.buildView(producerId, 0, baseSequence);
        numbered = true;
        requestId = newRequestId;
        fate = Fate.NOT_SENT;
        triedSince = OptionalLong.empty();
    }

    /** The encoded batch. */
    ByteString bytes() {
        return bytes;
    }

    long requestId() {
        return requestId;
    }

    Fate fate() {
        return fate;
    }

    /** If it may be in the log, under the number that it has: at no lower offset than this. */
    OptionalLong triedSince() {
        return triedSince;
    }

    /** The session to which it was sent is over. What is worse known of it already stands. */
    void doubt(Fate newFate, long nextOffset) {
        if (fate != Fate.UNCERTAIN) {
            fate = newFate;
        }
        if (triedSince.isEmpty()) {
            triedSince = OptionalLong.of(nextOffset);
        }
    }
}
