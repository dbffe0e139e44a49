/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.raft.log.Payload;
import io.quorate.sim.check.GroupOracle;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.SentBatch;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * An idempotent producer of one partition. It keeps a window of batches under way over one session; when the session
 * fails in any way, it opens another one, maybe elsewhere, and sends all that is not acknowledged again, in order, byte
 * for byte, until it is.
 */
final class SimulatedProducer {
    /** One stream of appends to one node. */
    private static final class Session {
        private final ClientPort port;
        /** Of the node, used on its loop only. */
        private AppendTarget target;

        private boolean opened;
        private boolean anySent;
        private VirtualTime.Event timeout;

        private Session(ClientPort port) {
            this.port = port;
        }
    }

    private final String name;
    private final SimulatedPartition partition;
    private final Clients clients;
    private final Prng prng;
    private final BatchMaker batches;
    private final ArrayDeque<SentBatch> outstanding = new ArrayDeque<>();
    private int toMake;
    /** Whether the next batch waits for an acknowledgement. */
    private boolean awaitsRoom;

    private int hintedNode;
    private long knownGeneration;
    /** Since the last acknowledgement. */
    private boolean fenced;

    /** Batches whose fate was not known when their leader was deposed. */
    private final Set<SentBatch> lost = new HashSet<>();

    private Session session;

    SimulatedProducer(String name, SimulatedPartition partition, Clients clients, Prng prng) {
        this.name = name;
        this.partition = partition;
        this.clients = clients;
        this.prng = prng;
        this.toMake = clients.options().batchesPerWriter();
        this.batches = new BatchMaker(
                name,
                partition.groupId(),
                prng.nextLong() | 1,
                clients.checker().history(),
                clients.options(),
                prng.split());
    }

    void start() {
        connect();
        makeNext();
    }

    /** Makes no more batches, but goes on until those made are acknowledged. */
    void finish() {
        toMake = 0;
    }

    boolean isDone() {
        return toMake == 0 && outstanding.isEmpty();
    }

    private void makeNext() {
        if (toMake == 0) {
            return;
        }
        if (outstanding.size() == clients.options().window()) {
            awaitsRoom = true;
            return;
        }
        toMake--;
        SentBatch batch = batches.next(clients.time().nowMillis());
        outstanding.add(batch);
        if (session != null && session.opened) {
            send(session, batch);
        }
        pauseAndMakeNext();
    }

    private void pauseAndMakeNext() {
        awaitsRoom = false;
        long pause = 1_000_000L * (1 + prng.nextInt(clients.options().pauseMillisMax()));
        clients.time().schedule(pause, "producer-pause", this::makeNext);
    }

    private void connect() {
        Session opening = new Session(clients.connect(hintedNode, prng));
        session = opening;
        awaitProgress(opening);
        OptionalLong generation = clients.options().nameGenerations() && knownGeneration > 0
                ? OptionalLong.of(knownGeneration)
                : OptionalLong.empty();
        opening.port.call(api -> open(opening, api, generation));
    }

    /** On the node's loop. */
    private void open(Session opening, NodeApi api, OptionalLong generation) {
        Result<AppendTarget> result = api.openAppend(partition.name(), generation);
        if (result instanceof Result.Ok<AppendTarget> ok) {
            opening.target = ok.value();
            long opened = ok.value().generation();
            clients.verdict()
                    .require(
                            generation.isEmpty() || opened >= generation.getAsLong(),
                            Invariant.ANSWER_PLAUSIBLE,
                            name + " named generation " + generation + " and got " + opened);
            opening.port.reply(() -> onOpened(opening, opened));
        } else if (result instanceof Result.Refused<AppendTarget> refused) {
            opening.port.reply(() -> onRefused(opening, refused.refusal()));
        }
    }

    private void onOpened(Session opening, long generation) {
        opening.opened = true;
        knownGeneration = Math.max(knownGeneration, generation);
        awaitProgress(opening);
        outstanding.forEach(batch -> send(opening, batch));
    }

    private void send(Session over, SentBatch batch) {
        boolean first = !over.anySent;
        over.anySent = true;
        clients.checker().history().onAttempt(batch);
        Payload copy = Payload.wrap(batch.bytes().toByteArray());
        over.port.call(api -> over.target.append(copy, new Answer(over, batch, first)));
    }

    /** Called on the node's loop: what the node says is judged there and then, the client hears of it later, if at all. */
    private final class Answer implements AppendListener {
        private final Session over;
        private final SentBatch batch;
        private final boolean firstOfSession;
        private boolean answered;

        private Answer(Session over, SentBatch batch, boolean firstOfSession) {
            this.over = over;
            this.batch = batch;
            this.firstOfSession = firstOfSession;
        }

        @Override
        public void onCommitted(long baseOffset, long generation, boolean duplicate) {
            requireFirstAnswer();
            if (duplicate) {
                sightDuplicate(batch, baseOffset, generation);
            }
            if (fenced) {
                fenced = false;
                clients.sightings().met(RareState.FENCED_APPEND_ACKNOWLEDGED_ELSEWHERE);
            }
            clients.verdict()
                    .require(
                            generation == over.target.generation(),
                            Invariant.ACKNOWLEDGED_IN_ITS_GENERATION,
                            batch + " was sent to generation " + over.target.generation() + " and is acknowledged in "
                                    + generation);
            clients.verdict().judge(() -> clients.checker().onAcknowledged(batch, baseOffset, generation, duplicate));
            over.port.reply(() -> onAcknowledged(over, batch));
        }

        @Override
        public void onRefused(Refusal refusal) {
            requireFirstAnswer();
            clients.count(refusal);
            if (refusal.reason() == Reason.LEADERSHIP_LOST) {
                lost.add(batch);
            } else {
                clients.checker().history().onRefused(batch);
            }
            // All that comes before the first batch of a session is acknowledged: it is the next one, or a duplicate.
            // Only a leader that was replaced already, as this producer knows, cannot know of it.
            boolean misjudged = firstOfSession
                    && over.target.generation() >= knownGeneration
                    && List.of(Reason.OUT_OF_SEQUENCE, Reason.UNKNOWN_PRODUCER, Reason.PRODUCER_FENCED)
                            .contains(refusal.reason());
            clients.verdict()
                    .require(!misjudged, Invariant.EXACTLY_ONCE, batch + " comes next, but was refused: " + refusal);
            over.port.reply(() -> SimulatedProducer.this.onRefused(over, refusal));
        }

        private void requireFirstAnswer() {
            clients.verdict().require(!answered, Invariant.ANSWER_PLAUSIBLE, batch + " is answered twice");
            answered = true;
        }
    }

    private void sightDuplicate(SentBatch batch, long baseOffset, long generation) {
        clients.sightings().met(RareState.DUPLICATE_ACKNOWLEDGED);
        if (lost.remove(batch)) {
            clients.sightings().met(RareState.LOST_APPEND_WAS_COMMITTED);
        }
        GroupOracle oracle = clients.checker().oracle(partition.groupId());
        int position = oracle.recordsPosition(baseOffset);
        if (position >= 0 && oracle.records().get(position).term() < generation) {
            clients.sightings().met(RareState.DUPLICATE_ACKNOWLEDGED_BY_LATER_LEADER);
        }
    }

    private void onAcknowledged(Session over, SentBatch batch) {
        if (over != session) {
            return;
        }
        clients.verdict()
                .require(
                        outstanding.peek() == batch,
                        Invariant.ANSWER_PLAUSIBLE,
                        batch + " was acknowledged before " + outstanding.peek());
        outstanding.remove();
        awaitProgress(over);
        if (awaitsRoom) {
            pauseAndMakeNext();
        }
    }

    private void onRefused(Session refusing, Refusal refusal) {
        if (refusing != session) {
            return;
        }
        clients.verdict()
                .require(
                        refusal.reason() != Reason.INVALID_ARGUMENT
                                && refusal.reason() != Reason.RECORD_TOO_LARGE
                                && refusal.reason() != Reason.CORRUPT_BATCH
                                && refusal.reason() != Reason.INTERNAL,
                        Invariant.ANSWER_PLAUSIBLE,
                        name + " did nothing wrong, but was refused: " + refusal);
        clients.requireNotGone(name, refusal);
        clients.count(refusal);
        if (refusal.reason() == Reason.FENCED) {
            long newer = Long.parseLong(refusal.metadata().getOrDefault("generation", "0"));
            clients.verdict()
                    .require(
                            newer > knownGeneration,
                            Invariant.ANSWER_PLAUSIBLE,
                            name + " in generation " + knownGeneration + " was fenced: " + refusal);
            knownGeneration = newer;
            fenced = true;
        }
        reconnect(Clients.leaderNamedBy(refusal));
    }

    private void awaitProgress(Session of) {
        if (of.timeout != null) {
            of.timeout.cancel();
        }
        of.timeout = clients.timeout(() -> {
            if (of == session) {
                if (of.opened && outstanding.isEmpty()) {
                    awaitProgress(of);
                } else {
                    reconnect(0);
                }
            }
        });
    }

    private void reconnect(int node) {
        session.port.close();
        session.timeout.cancel();
        session = null;
        hintedNode = node;
        clients.backOff(prng, this::connect);
    }

    @Override
    public String toString() {
        return name + " of " + partition.name() + " (waiting for " + outstanding.peek() + ", "
                + (session == null
                        ? "between sessions"
                        : "session with " + session.port.node().id()) + ")";
    }
}
