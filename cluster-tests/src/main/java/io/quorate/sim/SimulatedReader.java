/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.raft.log.LogEntry;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.ReadChecker;
import java.util.List;
import java.util.OptionalLong;

/**
 * Follows one partition from its start, with one of the consistencies, at its own pace; when a read ends in any
 * way, it goes on where it was, maybe elsewhere.
 */
final class SimulatedReader {
    private final String name;
    private final SimulatedPartition partition;
    private final ReadConsistency consistency;
    private final Clients clients;
    private final Prng prng;
    private final ReadChecker checker;
    private Sink current;
    private boolean finished;

    SimulatedReader(
            String name, SimulatedPartition partition, ReadConsistency consistency, Clients clients, Prng prng) {
        this.name = name;
        this.partition = partition;
        this.consistency = consistency;
        this.clients = clients;
        this.prng = prng;
        this.checker = new ReadChecker(clients.checker().oracle(partition.groupId()), name, 0);
    }

    static ReadConsistency drawConsistency(Prng prng) {
        ReadConsistency[] all = ReadConsistency.values();
        return all[prng.nextInt(all.length)];
    }

    void start() {
        open(0);
    }

    void finish() {
        finished = true;
    }

    /** The topic is to be deleted: reads no more, and hears nothing more of what it has asked for. */
    void abandon() {
        finished = true;
        Sink last = current;
        current = null;
        if (last != null) {
            last.port.call(api -> last.cancel());
        }
    }

    private void open(int node) {
        if (finished) {
            return;
        }
        Sink opening = new Sink(clients.connect(node, prng));
        current = opening;
        opening.port.call(opening::open);
        // A reader cannot tell a dead node from one that has nothing new: now and then it moves on.
        clients.time()
                .schedule(
                        (1 + prng.nextInt(4)) * 1_000_000L * clients.options().timeoutMillis(),
                        "reader-patience",
                        () -> moveOn(opening, 0));
    }

    private void moveOn(Sink from, int node) {
        if (from != current) {
            return;
        }
        clients.sightings().met(RareState.READER_MOVED);
        from.port.call(api -> from.cancel());
        current = null;
        clients.backOff(prng, () -> open(node));
    }

    /** The node's side of one read; everything but the constructor runs on the node's loop. */
    private final class Sink implements ReadSink {
        private final ClientPort port;
        /** At this moment, before the node has heard of the read. */
        private final long acknowledgedBefore;

        private final long trimmedBefore;

        private ReadSession session;
        private int credit = 1 + prng.nextInt(4);
        private boolean ended;

        private Sink(ClientPort port) {
            this.port = port;
            this.acknowledgedBefore = clients.checker().history().acknowledgedUpTo(partition.groupId());
            this.trimmedBefore = clients.checker().oracle(partition.groupId()).trimmedTo();
        }

        private void judgeEnd(Marks marks) {
            if (this != current) {
                return;
            }
            clients.verdict().judge(() -> {
                if (consistency.isLinearizable()) {
                    checker.onLinearizableEnd(marks.highWatermark(), acknowledgedBefore);
                } else {
                    checker.onHighWatermark(marks.highWatermark());
                }
            });
        }

        private void open(NodeApi api) {
            if (this != current) {
                return;
            }
            ReadSpec spec = new ReadSpec(
                    new ReadSpec.From.Offset(checker.position()),
                    OptionalLong.empty(),
                    0,
                    prng.nextInt(4) > 0,
                    consistency);
            Result<ReadSession> result = api.read(partition.name(), spec, this);
            if (result instanceof Result.Ok<ReadSession> ok) {
                session = ok.value();
            } else if (result instanceof Result.Refused<ReadSession> refused) {
                onRefused(refused.refusal());
            }
        }

        private void cancel() {
            if (session != null && !ended) {
                ended = true;
                session.cancel();
            }
        }

        @Override
        public boolean isReady() {
            return credit > 0;
        }

        @Override
        public void onEntries(List<LogEntry> entries, Marks marks) {
            requireActive();
            if (this != current) {
                return;
            }
            clients.verdict()
                    .require(
                            !consistency.isLinearizable() || entries.get(0).nextOffset() > trimmedBefore,
                            Invariant.READS_ARE_COMMITTED_PREFIX,
                            name + " was given " + entries.get(0) + " after a trim to " + trimmedBefore);
            clients.verdict().judge(() -> checker.onEntries(entries));
            judgeEnd(marks);
            credit--;
            if (credit <= 0) {
                port.reply(() -> port.call(api -> refill()));
            }
        }

        private void refill() {
            credit = 1 + prng.nextInt(4);
            if (session != null && !ended) {
                session.resume();
            }
        }

        @Override
        public void onCaughtUp(Marks marks) {
            requireActive();
            judgeEnd(marks);
        }

        @Override
        public void onEnd(Marks marks) {
            requireActive();
            ended = true;
            judgeEnd(marks);
            if (consistency.isLinearizable() && this == current) {
                // It ends where the log ended when it began, or later.
                clients.verdict().judge(() -> checker.onLinearizableEnd(checker.position(), acknowledgedBefore));
            }
            port.reply(() -> moveOn(this, 0));
        }

        @Override
        public void onRefused(Refusal refusal) {
            requireActive();
            ended = true;
            if (this == current) {
                clients.requireNotGone(name, refusal);
            }
            clients.verdict()
                    .require(
                            (!consistency.isLinearizable() || refusal.reason() != Reason.BEYOND_TAIL)
                                    && (refusal.reason() != Reason.CORRUPT_REPLICA
                                            || port.node().disk().everRotted())
                                    && refusal.reason() != Reason.INTERNAL
                                    && refusal.reason() != Reason.INVALID_ARGUMENT,
                            Invariant.ANSWER_PLAUSIBLE,
                            name + " did nothing wrong, but was refused: " + refusal);
            if (this == current && refusal.reason() == Reason.TRIMMED) {
                clients.sightings().met(RareState.READER_OVERTAKEN_BY_TRIM);
                long lowWatermark = Long.parseLong(refusal.metadata().get("low_watermark"));
                clients.verdict().judge(() -> checker.onTrimmed(lowWatermark));
            }
            port.reply(() -> moveOn(this, Clients.leaderNamedBy(refusal)));
        }

        private void requireActive() {
            clients.verdict().require(!ended, Invariant.ANSWER_PLAUSIBLE, name + " is called after its read has ended");
        }
    }
}
