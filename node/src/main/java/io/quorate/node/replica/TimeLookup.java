/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.StorageException;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Finds where the records begin that were appended since a time, by the log's index of append times, beside the loop. Only
 * what has been applied when it is asked counts: it is committed, and no truncation touches it while it is looked at.
 * Event loop only.
 */
final class TimeLookup {
    private final ReplicaHost host;
    private final PartitionReplica partition;

    TimeLookup(ReplicaHost host, PartitionReplica partition) {
        this.host = host;
        this.partition = partition;
    }

    void find(long millis, Consumer<Result<FoundOffset>> answer) {
        long applied = partition.replica().appliedIndex();
        long end = partition.machine().nextOffset();
        partition
                .replica()
                .access()
                .offload(
                        host.readExecutor(),
                        log -> baseOffset(log, millis, applied),
                        found -> answer.accept(new Result.Ok<>(new FoundOffset(
                                Math.max(found.orElse(end), partition.lowWatermark()), partition.marks()))),
                        fault -> onFailed(fault, answer));
    }

    /** On the read executor, which also deletes what is trimmed: the entry that was found is still there to be read. */
    private static OptionalLong baseOffset(LogStore store, long millis, long applied) {
        long index = store.indexOfTimestamp(millis);
        return index > applied
                ? OptionalLong.empty()
                // An entry without records has the offset of the next one.
                : OptionalLong.of(store.read(index, index, 0).get(0).baseOffset());
    }

    private void onFailed(StorageException fault, Consumer<Result<FoundOffset>> answer) {
        Refusal refusal = fault instanceof CorruptLogException
                ? Refusals.corruptReplica(partition.name(), fault.getMessage())
                : Refusals.replicaFailed(partition.name(), fault.getMessage());
        answer.accept(new Result.Refused<>(refusal));
        partition.replica().onReadFailed(fault);
    }
}
