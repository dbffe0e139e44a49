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
import java.util.List;
import java.util.Optional;

/**
 * Creates a topic, deletes it, and begins again: in some runs under the same name, which must be a new topic each time, in
 * others under new names and with a writer. Not both: requests name topics, not their incarnations, so what is written to
 * a topic that was made again may reach the former one on nodes that have not heard of its end. Ends with all deleted.
 */
final class TopicChurn {
    private static final int LIFE_MILLIS_MAX = 1_000;
    private static final int PARTITIONS = 2;

    private final int replicationFactor;
    private final Clients clients;
    private final Prng prng;
    private final boolean sameName;
    private String topicName = "scratch";
    private int created;
    private boolean finishing;
    private boolean idle = true;
    private boolean mayBeGone;
    private long formerGroupId;
    private Optional<PlainWriter> writer = Optional.empty();
    private ClientPort port;
    private String lastAnswer = "none";

    TopicChurn(int replicationFactor, Clients clients, Prng prng) {
        this.replicationFactor = replicationFactor;
        this.clients = clients;
        this.prng = prng;
        this.sameName = prng.nextInt(2) == 0;
    }

    void start() {
        if (finishing) {
            idle = true;
            return;
        }
        idle = false;
        if (!sameName) {
            topicName = "scratch-" + created++;
        }
        new TopicCreator(
                        topicName, PARTITIONS, replicationFactor, formerGroupId, clients, prng.split(), this::onCreated)
                .start();
    }

    /** Begins no more; what has been begun goes on to its deletion. */
    void finish() {
        finishing = true;
    }

    List<String> unfinished() {
        return idle ? List.of() : List.of("topic " + topicName + " is to be deleted, last answer: " + lastAnswer);
    }

    private void onCreated(TopicView topic) {
        for (PartitionView partition : topic.partitions()) {
            clients.checker()
                    .onGroup(
                            partition.groupId(),
                            partition.replicas().stream().map(NodeId::new).toList());
            formerGroupId = Math.max(formerGroupId, partition.groupId());
        }
        if (!sameName) {
            writer = Optional.of(new PlainWriter(
                    topicName,
                    new SimulatedPartition(
                            new TopicPartition(topicName, 0),
                            topic.partitions().get(0).groupId()),
                    clients,
                    prng.split()));
            writer.get().start();
        }
        clients.time().schedule(1_000_000L * prng.nextInt(LIFE_MILLIS_MAX), "topic-unwanted", () -> {
            writer.ifPresent(PlainWriter::finish);
            topic.partitions().forEach(partition -> clients.checker().onGroupGone(partition.groupId()));
            mayBeGone = false;
            delete(0);
        });
    }

    private void delete(int node) {
        ClientPort current = clients.connect(node, prng);
        port = current;
        current.call(api -> api.deleteTopic(topicName, result -> current.reply(() -> onAnswer(current, result))));
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
                        "deleting topic " + topicName + " was refused: " + refusal);
        retry(Clients.leaderNamedBy(refusal));
    }

    private void retry(int node) {
        port.close();
        port = null;
        clients.backOff(prng, () -> delete(node));
    }
}
