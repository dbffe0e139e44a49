/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.node.seam.Clock;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.wire.BatchHeader;
import java.util.List;
import java.util.OptionalLong;

/** Tells an observer how the requests of clients are answered; costs one small object per batch. Event loop only. */
final class ObservedRequests {
    private final Clock clock;
    private final ReplicaObserver observer;

    ObservedRequests(Clock clock, ReplicaObserver observer) {
        this.clock = clock;
        this.observer = observer;
    }

    /** A request came to this at once. */
    <T> Result<T> answered(Result<T> result) {
        if (result instanceof Result.Refused<T> refused) {
            observer.onRefused(NodeEvent.NO_GROUP, refused.refusal());
        }
        return result;
    }

    AppendTarget observe(long groupId, AppendTarget target) {
        return new ObservedTarget(groupId, target);
    }

    ReadSink observe(long groupId, ReadSink sink) {
        return new ObservedSink(groupId, sink);
    }

    private final class ObservedTarget implements AppendTarget {
        private final long groupId;
        private final AppendTarget target;

        private ObservedTarget(long groupId, AppendTarget target) {
            this.groupId = groupId;
            this.target = target;
        }

        @Override
        public long generation() {
            return target.generation();
        }

        @Override
        public long nextOffset() {
            return target.nextOffset();
        }

        @Override
        public void append(Payload batch, OptionalLong triedSince, AppendListener listener) {
            // Believed only if the batch is taken, which it is not unless its header is right.
            int records = batch.size() < BatchHeader.BYTES
                    ? 0
                    : BatchHeader.read(batch.array(), batch.arrayOffset()).recordCount();
            target.append(
                    batch, triedSince, new ObservedAppend(groupId, records, batch.size(), clock.nanoTime(), listener));
        }
    }

    private final class ObservedAppend implements AppendListener {
        private final long groupId;
        private final int records;
        private final int sizeBytes;
        private final long begunNanos;
        private final AppendListener listener;

        private ObservedAppend(long groupId, int records, int sizeBytes, long begunNanos, AppendListener listener) {
            this.groupId = groupId;
            this.records = records;
            this.sizeBytes = sizeBytes;
            this.begunNanos = begunNanos;
            this.listener = listener;
        }

        @Override
        public void onCommitted(long baseOffset, long generation, boolean duplicate) {
            observer.onAppendAnswered(groupId, records, sizeBytes, clock.nanoTime() - begunNanos, duplicate);
            listener.onCommitted(baseOffset, generation, duplicate);
        }

        @Override
        public void onRefused(Refusal refusal) {
            observer.onRefused(groupId, refusal);
            listener.onRefused(refusal);
        }
    }

    private final class ObservedSink implements ReadSink {
        private final long groupId;
        private final ReadSink sink;

        private ObservedSink(long groupId, ReadSink sink) {
            this.groupId = groupId;
            this.sink = sink;
        }

        @Override
        public boolean isReady() {
            return sink.isReady();
        }

        @Override
        public void onEntries(List<LogEntry> entries, Marks marks) {
            long sizeBytes = 0;
            for (LogEntry entry : entries) {
                sizeBytes += entry.payload().size();
            }
            observer.onReadAnswered(groupId, entries.size(), sizeBytes);
            sink.onEntries(entries, marks);
        }

        @Override
        public void onCaughtUp(Marks marks) {
            sink.onCaughtUp(marks);
        }

        @Override
        public void onEnd(Marks marks) {
            sink.onEnd(marks);
        }

        @Override
        public void onRefused(Refusal refusal) {
            observer.onRefused(groupId, refusal);
            sink.onRefused(refusal);
        }
    }
}
