/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.raft.log.Payload;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.SentBatch;
import java.util.OptionalLong;

/**
 * A writer that goes on over one session, whatever it is answered, as one does whose batches were on their way already
 * when the leader was deposed. Without idempotence: each batch is tried once. What is appended over a session belongs to
 * the generation in which that was opened, also at a node that has lost the leadership meanwhile and leads again.
 */
final class LingeringWriter {
    private static final int BATCHES = 40;
    private static final int PAUSE_MILLIS_MAX = 200;
    private static final int SESSION_MILLIS_MIN = 500;
    private static final int SESSION_MILLIS_MAX = 4_000;

    private final SimulatedPartition partition;
    private final Clients clients;
    private final Prng prng;
    private final BatchMaker batches;
    private int toMake = BATCHES;
    private int hintedNode;
    private Session session;

    /** One stream of appends to one node. */
    private static final class Session {
        private final ClientPort port;
        private final long untilMillis;
        /** Of the node, used on its loop only. */
        private AppendTarget target;

        private Session(ClientPort port, long untilMillis) {
            this.port = port;
            this.untilMillis = untilMillis;
        }
    }

    LingeringWriter(String name, SimulatedPartition partition, Clients clients, Prng prng) {
        this.partition = partition;
        this.clients = clients;
        this.prng = prng;
        this.batches = new BatchMaker(
                name, partition.groupId(), 0, clients.checker().history(), clients.options(), prng.split());
    }

    void start() {
        if (toMake == 0) {
            return;
        }
        long lifeMillis = SESSION_MILLIS_MIN + prng.nextInt(SESSION_MILLIS_MAX - SESSION_MILLIS_MIN);
        Session opening =
                new Session(clients.connect(hintedNode, prng), clients.time().nowMillis() + lifeMillis);
        session = opening;
        opening.port.call(api -> open(opening, api));
        clients.timeout(() -> {
            if (opening.target == null) {
                reconnect(opening, 0);
            }
        });
    }

    void finish() {
        toMake = 0;
    }

    /** On the node's loop. */
    private void open(Session opening, NodeApi api) {
        Result<AppendTarget> result = api.openAppend(partition.name(), OptionalLong.empty());
        if (result instanceof Result.Ok<AppendTarget> ok) {
            opening.target = ok.value();
            opening.port.reply(() -> sendNext(opening));
        } else if (result instanceof Result.Refused<AppendTarget> refused) {
            clients.requireNotGone("a lingering writer to " + partition, refused.refusal());
            opening.port.reply(() -> reconnect(opening, Clients.leaderNamedBy(refused.refusal())));
        }
    }

    private void sendNext(Session over) {
        if (toMake == 0) {
            return;
        }
        if (clients.time().nowMillis() >= over.untilMillis) {
            reconnect(over, hintedNode);
            return;
        }
        toMake--;
        SentBatch batch = batches.next(clients.time().nowMillis());
        clients.checker().history().onAttempt(batch);
        over.port.call(api -> append(over, api, batch));
        clients.time()
                .schedule(1_000_000L * (1 + prng.nextInt(PAUSE_MILLIS_MAX)), "lingerer-pause", () -> sendNext(over));
    }

    /** On the node's loop. */
    private void append(Session over, NodeApi api, SentBatch batch) {
        if (leadsLaterGeneration(api, over.target.generation())) {
            clients.sightings().met(RareState.APPEND_OF_EARLIER_LEADERSHIP_ARRIVED);
        }
        over.target.append(Payload.wrap(batch.bytes().toByteArray()), new Answer(over, batch));
    }

    private boolean leadsLaterGeneration(NodeApi api, long generation) {
        return api.view().localGroups().stream()
                .anyMatch(group -> group.groupId() == partition.groupId()
                        && group.role() == ReplicaRole.LEADER
                        && group.generation() > generation);
    }

    private void reconnect(Session from, int node) {
        if (from == session && from.port.isOpen()) {
            from.port.close();
            hintedNode = node;
            clients.backOff(prng, this::start);
        }
    }

    /** Called on the node's loop. */
    private final class Answer implements AppendListener {
        private final Session over;
        private final SentBatch batch;

        private Answer(Session over, SentBatch batch) {
            this.over = over;
            this.batch = batch;
        }

        @Override
        public void onCommitted(long baseOffset, long generation, boolean duplicate) {
            clients.verdict()
                    .require(
                            generation == over.target.generation(),
                            Invariant.ACKNOWLEDGED_IN_ITS_GENERATION,
                            batch + " was sent to generation " + over.target.generation() + " and is acknowledged in "
                                    + generation);
            clients.verdict().judge(() -> clients.checker().onAcknowledged(batch, baseOffset, generation, duplicate));
        }

        @Override
        public void onRefused(Refusal refusal) {
            clients.count(refusal);
            clients.requireNotGone("a lingering writer to " + partition, refusal);
            if (refusal.reason() != Reason.LEADERSHIP_LOST) {
                clients.checker().history().onRefused(batch);
            }
            over.port.reply(() -> hintedNode = Clients.leaderNamedBy(refusal));
        }
    }
}
