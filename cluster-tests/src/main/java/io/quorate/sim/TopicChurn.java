/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterView.PartitionView;
import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.List;

/**
 * Creates a topic, has it written and read, deletes it, and begins again under the same name: each time it is a new topic,
 * and what is meant for it must never reach a former one on nodes that have not heard of its end. Ends with it deleted.
 */
final class TopicChurn {
    private static final String TOPIC = "scratch";
    private static final int LIFE_MILLIS_MAX = 1_000;
    private static final int PARTITIONS = 2;

    private final int replicationFactor;
    private final Clients clients;
    private final Prng prng;
    private final List<PlainWriter> writers = new ArrayList<>();
    private final List<SimulatedReader> readers = new ArrayList<>();
    private int created;
    /** Of partition 0. */
    private long groupId;

    private boolean finishing;
    private boolean idle = true;
    private boolean mayBeGone;
    private long formerGroupId;
    private ClientPort port;
    private String lastAnswer = "none";

    TopicChurn(int replicationFactor, Clients clients, Prng prng) {
        // A single replica needs nobody's consent: if its node lags, nothing but its own care keeps it from going on.
        this.replicationFactor = prng.nextInt(2) == 0 ? 1 : replicationFactor;
        this.clients = clients;
        this.prng = prng;
    }

    void start() {
        if (finishing) {
            idle = true;
            return;
        }
        idle = false;
        new TopicCreator(TOPIC, PARTITIONS, replicationFactor, formerGroupId, clients, prng.split(), this::onCreated)
                .start();
    }

    /** Begins no more; what has been begun goes on to its deletion. */
    void finish() {
        finishing = true;
    }

    List<String> unfinished() {
        return idle ? List.of() : List.of("topic " + TOPIC + " is to be deleted, last answer: " + lastAnswer);
    }

    private void onCreated(TopicView topic) {
        created++;
        groupId = topic.partitions().get(0).groupId();
        for (PartitionView view : topic.partitions()) {
            clients.checker()
                    .onGroup(
                            view.groupId(),
                            view.replicas().stream().map(NodeId::new).toList());
            formerGroupId = Math.max(formerGroupId, view.groupId());
            startClients(new SimulatedPartition(new TopicPartition(TOPIC, view.partition(), view.groupId())));
        }
        clients.time().schedule(1_000_000L * prng.nextInt(LIFE_MILLIS_MAX), "topic-unwanted", () -> onUnwanted(topic));
    }

    private void startClients(SimulatedPartition partition) {
        String name = TOPIC + "-" + created + "/" + partition.name().partition();
        PlainWriter writer = new PlainWriter(name + "-w", partition, clients, prng.split());
        writers.add(writer);
        writer.start();
        SimulatedReader reader = new SimulatedReader(
                name + "-r", partition, SimulatedReader.drawConsistency(prng), clients, prng.split());
        readers.add(reader);
        reader.start();
    }

    private void onUnwanted(TopicView topic) {
        writers.forEach(PlainWriter::abandon);
        writers.clear();
        readers.forEach(SimulatedReader::abandon);
        readers.clear();
        topic.partitions().forEach(partition -> clients.checker().onGroupGone(partition.groupId()));
        mayBeGone = false;
        delete(0);
    }

    private void delete(int node) {
        ClientPort current = clients.connect(node, prng);
        port = current;
        current.call(api -> api.deleteTopic(TOPIC, groupId, result -> current.reply(() -> onAnswer(current, result))));
        clients.timeout(() -> {
            if (current == port) {
                mayBeGone = true;
                lastAnswer = "timeout at " + current.node().id();
                retry(0);
            }
        });
    }

    private void onAnswer(ClientPort from, Result<Boolean> result) {
        if (from != port) {
            return;
        }
        if (result instanceof Result.Refused<Boolean> refused) {
            Refusal refusal = refused.refusal();
            if (!(mayBeGone && refusal.reason() == Reason.UNKNOWN_TOPIC)) {
                onRefused(refusal);
                return;
            }
        }
        port = null;
        clients.sightings().met(RareState.TOPIC_DELETED);
        start();
    }

    private void onRefused(Refusal refusal) {
        lastAnswer = refusal.toString();
        mayBeGone |= refusal.reason() == Reason.LEADERSHIP_LOST || refusal.reason() == Reason.NO_QUORUM;
        clients.verdict()
                .require(
                        TopicCreator.WORTH_ANOTHER_TRY.contains(refusal.reason()),
                        Invariant.ANSWER_PLAUSIBLE,
                        "deleting topic " + TOPIC + " was refused: " + refusal);
        retry(Clients.leaderNamedBy(refusal));
    }

    private void retry(int node) {
        port.close();
        port = null;
        clients.backOff(prng, () -> delete(node));
    }
}
