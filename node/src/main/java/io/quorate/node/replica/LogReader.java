/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.StorageException;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One read of a partition: hands committed and applied batches to its sink as fast as the sink takes them.
 *
 * <pre>
 *   NEW ──begin──► LOCATING ──index of the first offset──► READING ◄──more applied── WAITING (follow only)
 *    │                                                        │ bound reached, refused, cancelled
 *    └──────────────────────refused, cancelled──────────────► ENDED
 * </pre>
 *
 * <p>What is in the Raft core's memory is handed over from there; older entries are read from disk beside the loop, one
 * chunk at a time, and only when the sink wants more: that chunk is all the memory a reader takes. One chunk is handed
 * over per task of the loop, so that a fast sink does not keep others waiting. Event loop only.
 */
final class LogReader implements ReadSession {
    private static final Logger LOG = LoggerFactory.getLogger(LogReader.class);

    /** How much is read or handed over at a time, in {@code LogEntry.sizeBytes()}; one entry is always taken. */
    static final int CHUNK_BYTES = 512 << 10;

    private final ReplicaHost host;
    private final PartitionReplica partition;
    private final RaftCore core;
    private final ReadSpec spec;
    private final ReadSink sink;
    private long startOffset;
    /** Exclusive: where the read ends. */
    private long endOffset;

    private boolean begun;

    /** First index not yet handed over; 0 while it is not known. */
    private long nextIndex;

    private long nextOffset;
    private long toldHighWatermark = -1;
    private boolean busy;
    /** Will be woken when more has been applied. */
    private boolean waiting;

    private boolean ended;

    LogReader(ReplicaHost host, PartitionReplica partition, ReadSpec spec, ReadSink sink) {
        this.host = host;
        this.partition = partition;
        this.core = partition.replica().core();
        this.spec = spec;
        this.sink = sink;
    }

    /** Fixes where the read starts and ends by the partition's marks of now, or tells why there is nothing to read. */
    Optional<Refusal> begin() {
        long lowWatermark = partition.lowWatermark();
        long highWatermark = partition.machine().nextOffset();
        startOffset = startOf(spec.from(), lowWatermark, highWatermark);
        // Unsigned on the wire: a negative one is beyond every offset there can be.
        if (startOffset < 0 || startOffset > highWatermark) {
            return Optional.of(Refusals.beyondTail(partition.name(), startOffset, highWatermark));
        }
        if (startOffset < lowWatermark) {
            return Optional.of(Refusals.trimmed(partition.name(), startOffset, lowWatermark));
        }
        long bound = spec.untilOffset().orElse(Long.MAX_VALUE);
        if (bound < 0) {
            bound = Long.MAX_VALUE;
        }
        if (!spec.follow()) {
            // The high-water mark of now: a read that does not follow ends even if writers never pause.
            bound = Math.min(bound, highWatermark);
        }
        if (spec.maxRecords() > 0 && spec.maxRecords() < bound - startOffset) {
            bound = startOffset + spec.maxRecords();
        }
        nextOffset = startOffset;
        endOffset = bound;
        begun = true;
        return Optional.empty();
    }

    private static long startOf(ReadSpec.From from, long lowWatermark, long highWatermark) {
        if (from instanceof ReadSpec.From.Offset at) {
            return at.offset();
        }
        return from instanceof ReadSpec.From.Earliest ? lowWatermark : highWatermark;
    }

    boolean needsLeader() {
        return spec.consistency().needsLeader();
    }

    /** More has been applied. */
    void wake() {
        waiting = false;
        resume();
    }

    @Override
    public void resume() {
        // While the log is being replaced there is nothing to read; the partition resumes its readers when it is there.
        if (ended || !begun || busy || partition.replica().isBeingReplaced() || !ready()) {
            return;
        }
        long applied = partition.replica().appliedIndex();
        long lowWatermark = partition.lowWatermark();
        // What lies between here and the first index that is kept, if anything, holds no record that is kept.
        nextIndex = nextIndex == 0 ? 0 : Math.max(nextIndex, partition.keepFromIndex());
        if (nextOffset < lowWatermark) {
            refuse(Refusals.trimmed(partition.name(), nextOffset, lowWatermark));
        } else if (nextOffset >= endOffset) {
            end();
        } else if (nextIndex == 0) {
            locate(applied);
        } else if (nextIndex > applied) {
            await();
        } else if (nextIndex >= core.tailStart()) {
            handOver(fromMemory(applied));
        } else {
            long from = nextIndex;
            long to = Math.min(applied, core.tailStart() - 1);
            offload(log -> log.read(from, to, CHUNK_BYTES), this::handOver);
        }
    }

    @Override
    public void cancel() {
        ended = true;
        partition.forget(this);
    }

    void refuse(Refusal refusal) {
        if (!ended) {
            cancel();
            tell(() -> sink.onRefused(refusal));
        }
    }

    private void locate(long applied) {
        if (startOffset == partition.machine().nextOffset()) {
            nextIndex = applied + 1;
            resume();
            return;
        }
        long first = Math.max(1, core.tailStart());
        if (first <= applied && core.tailEntry(first).baseOffset() <= startOffset) {
            nextIndex = lastIndexNotAbove(startOffset, first, applied);
            resume();
            return;
        }
        offload(log -> log.indexOfOffset(startOffset), found -> {
            nextIndex = found;
            resume();
        });
    }

    /** The last entry in memory whose base offset is not above {@code offset}: the one that holds it. */
    private long lastIndexNotAbove(long offset, long first, long last) {
        long low = first;
        long high = last;
        while (low < high) {
            long middle = low + (high - low + 1) / 2;
            if (core.tailEntry(middle).baseOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private List<LogEntry> fromMemory(long applied) {
        List<LogEntry> entries = new ArrayList<>();
        long bytes = 0;
        for (long index = nextIndex; index <= applied; index++) {
            LogEntry entry = core.tailEntry(index);
            bytes += entry.sizeBytes();
            if (!entries.isEmpty() && bytes > CHUNK_BYTES) {
                break;
            }
            entries.add(entry);
        }
        return entries;
    }

    private void handOver(List<LogEntry> entries) {
        List<LogEntry> batches = new ArrayList<>(entries.size());
        for (LogEntry entry : entries) {
            nextIndex = entry.index() + 1;
            if (entry.type() == EntryType.RECORDS && entry.nextOffset() > startOffset) {
                if (entry.baseOffset() >= endOffset) {
                    break;
                }
                batches.add(entry);
                nextOffset = entry.nextOffset();
            }
        }
        if (!batches.isEmpty()) {
            Marks marks = partition.marks();
            toldHighWatermark = marks.highWatermark();
            tell(() -> sink.onEntries(batches, marks));
        }
        host.loop().execute(this::resume);
    }

    /** Nothing more for now. A read that does not follow never gets here: its end is at or below what is applied. */
    private void await() {
        if (!waiting) {
            waiting = true;
            partition.awaitMore(this);
        }
        Marks marks = partition.marks();
        if (marks.highWatermark() != toldHighWatermark) {
            toldHighWatermark = marks.highWatermark();
            tell(() -> sink.onCaughtUp(marks));
        }
    }

    private void end() {
        cancel();
        Marks marks = partition.marks();
        tell(() -> sink.onEnd(marks));
    }

    private <T> void offload(Function<LogStore, T> read, Consumer<T> then) {
        busy = true;
        partition
                .replica()
                .access()
                .offload(
                        host.readExecutor(),
                        read,
                        found -> {
                            busy = false;
                            if (!ended) {
                                then.accept(found);
                            }
                        },
                        this::onReadFailed);
    }

    /** Damage is not served around: the whole replica is repaired (promise P8), after its readers were told why. */
    private void onReadFailed(StorageException fault) {
        busy = false;
        if (fault instanceof CorruptLogException) {
            refuse(Refusals.corruptReplica(partition.name(), fault.getMessage()));
        }
        partition.replica().onReadFailed(fault);
    }

    private boolean ready() {
        try {
            return sink.isReady();
        } catch (RuntimeException e) {
            LOG.warn("a reader's sink failed", e);
            cancel();
            return false;
        }
    }

    /** A sink that fails is its own problem, never the replica's. */
    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            LOG.warn("a reader's sink failed", e);
            cancel();
        }
    }
}
