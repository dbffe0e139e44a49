/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.raft.Prng;
import io.quorate.raft.log.Payload;
import io.quorate.sim.SimulationOptions.WorkloadOptions;
import io.quorate.sim.check.ClientHistory;
import io.quorate.sim.check.SentBatch;
import io.quorate.wire.RecordBatchBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes one writer's batches, in the real format. Every record of a run says who wrote it and as which. */
final class BatchMaker {
    private final String writer;
    private final long groupId;
    private final long producerId;
    private final ClientHistory history;
    private final WorkloadOptions options;
    private final Prng prng;
    private long nextSequence;

    /** @param producerId 0: not idempotent */
    BatchMaker(
            String writer, long groupId, long producerId, ClientHistory history, WorkloadOptions options, Prng prng) {
        this.writer = writer;
        this.groupId = groupId;
        this.producerId = producerId;
        this.history = history;
        this.options = options;
        this.prng = prng;
    }

    SentBatch next(long timestampMillis) {
        int records = 1 + prng.nextInt(options.recordsMax());
        RecordBatchBuilder builder = new RecordBatchBuilder(256);
        for (int i = 0; i < records; i++) {
            builder.append(timestampMillis, null, value(nextSequence + i));
        }
        byte[] bytes = builder.build(producerId, 0, producerId == 0 ? 0 : nextSequence);
        SentBatch batch = history.create(writer, groupId, Payload.wrap(bytes), producerId, nextSequence, records);
        nextSequence += records;
        return batch;
    }

    private byte[] value(long sequence) {
        byte[] name = (writer + "#" + sequence).getBytes(StandardCharsets.UTF_8);
        byte[] value = Arrays.copyOf(name, name.length + prng.nextInt(options.valueBytesMax() + 1));
        Arrays.fill(value, name.length, value.length, (byte) '.');
        return value;
    }
}
