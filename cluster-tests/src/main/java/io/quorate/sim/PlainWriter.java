/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.raft.log.Payload;
import io.quorate.sim.check.SentBatch;
import java.util.OptionalLong;

/**
 * A writer without idempotence: one batch at a time, each tried once. What was refused must never appear; what had no
 * answer may.
 */
final class PlainWriter {
    private final SimulatedPartition partition;
    private final Clients clients;
    private final Prng prng;
    private final BatchMaker batches;
    private int toMake;
    private boolean abandoned;
    private int hintedNode;
    private ClientPort port;

    PlainWriter(String name, SimulatedPartition partition, Clients clients, Prng prng) {
        this.partition = partition;
        this.clients = clients;
        this.prng = prng;
        this.toMake = clients.options().batchesPerWriter();
        this.batches = new BatchMaker(
                name, partition.groupId(), 0, clients.checker().history(), clients.options(), prng.split());
    }

    void start() {
        if (toMake == 0) {
            return;
        }
        toMake--;
        SentBatch batch = batches.next(clients.time().nowMillis());
        ClientPort current = clients.connect(hintedNode, prng);
        port = current;
        clients.checker().history().onAttempt(batch);
        current.call(api -> append(current, api, batch));
        clients.timeout(() -> goOn(current, 0));
    }

    void finish() {
        toMake = 0;
    }

    /** The topic is to be deleted: writes no more, and any answer will do. */
    void abandon() {
        toMake = 0;
        abandoned = true;
    }

    /** On the node's loop. */
    private void append(ClientPort current, NodeApi api, SentBatch batch) {
        if (knowsFormerTopicOnly(api)) {
            clients.sightings().met(RareState.NODE_KNEW_FORMER_TOPIC_ONLY);
        }
        Result<AppendTarget> result = api.openAppend(partition.name(), OptionalLong.empty());
        if (result instanceof Result.Ok<AppendTarget> ok) {
            ok.value().append(Payload.wrap(batch.bytes().toByteArray()), new Answer(current, batch));
        } else if (result instanceof Result.Refused<AppendTarget> refused) {
            clients.checker().history().onRefused(batch);
            judge(refused.refusal());
            current.reply(() -> goOn(current, Clients.leaderNamedBy(refused.refusal())));
        }
    }

    private boolean knowsFormerTopicOnly(NodeApi api) {
        int number = partition.name().partition();
        return api.topic(partition.name().topic()) instanceof Result.Ok<TopicView> known
                && number < known.value().partitions().size()
                && known.value().partitions().get(number).groupId() < partition.groupId();
    }

    private void judge(Refusal refusal) {
        if (!abandoned) {
            clients.requireNotGone("a writer to " + partition, refusal);
        }
    }

    private void goOn(ClientPort from, int node) {
        if (from == port && from.isOpen()) {
            from.close();
            hintedNode = node;
            long pause = 1_000_000L * (1 + prng.nextInt(clients.options().pauseMillisMax()));
            clients.time().schedule(pause, "writer-pause", this::start);
        }
    }

    /** Called on the node's loop. */
    private final class Answer implements AppendListener {
        private final ClientPort current;
        private final SentBatch batch;

        private Answer(ClientPort current, SentBatch batch) {
            this.current = current;
            this.batch = batch;
        }

        @Override
        public void onCommitted(long baseOffset, long generation, boolean duplicate) {
            clients.verdict().judge(() -> clients.checker().onAcknowledged(batch, baseOffset, generation, duplicate));
            current.reply(() -> goOn(current, current.node().id().value()));
        }

        @Override
        public void onRefused(Refusal refusal) {
            clients.count(refusal);
            judge(refusal);
            if (refusal.reason() != Reason.LEADERSHIP_LOST) {
                clients.checker().history().onRefused(batch);
            }
            current.reply(() -> goOn(current, Clients.leaderNamedBy(refusal)));
        }
    }
}
