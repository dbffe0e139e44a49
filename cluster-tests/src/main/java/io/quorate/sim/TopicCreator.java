/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.sim.check.Invariant;
import java.util.List;
import java.util.function.Consumer;

/** Creates one topic, however often it has to ask. */
final class TopicCreator {
    static final List<Reason> WORTH_ANOTHER_TRY = List.of(
            Reason.NOT_LEADER,
            Reason.NO_LEADER,
            Reason.LEADERSHIP_LOST,
            Reason.NO_QUORUM,
            Reason.OVERLOADED,
            Reason.DISK_FULL,
            Reason.SHUTTING_DOWN,
            Reason.REPLICA_FAILED);

    private final String topic;
    private final int partitions;
    private final int replicationFactor;
    private final long formerGroupId;
    private final Clients clients;
    private final Prng prng;
    private final Consumer<TopicView> onCreated;
    private boolean mayExist;
    private boolean created;
    private ClientPort port;
    private String lastAnswer = "none";

    /** @param formerGroupId highest group of a deleted topic of this name, which some nodes may still know; else 0 */
    TopicCreator(
            String topic,
            int partitions,
            int replicationFactor,
            long formerGroupId,
            Clients clients,
            Prng prng,
            Consumer<TopicView> onCreated) {
        this.topic = topic;
        this.partitions = partitions;
        this.replicationFactor = replicationFactor;
        this.formerGroupId = formerGroupId;
        this.clients = clients;
        this.prng = prng;
        this.onCreated = onCreated;
    }

    void start() {
        attempt(0);
    }

    boolean isDone() {
        return created;
    }

    private void attempt(int node) {
        ClientPort current = clients.connect(node, prng);
        port = current;
        boolean query = mayExist && prng.nextInt(2) == 0;
        current.call(query ? api -> onAnswer(current, api.topic(topic)) : api -> create(current, api));
        clients.timeout(() -> {
            if (current == port) {
                mayExist = true;
                lastAnswer = "timeout at " + current.node().id();
                retry(0);
            }
        });
    }

    /** On the node's loop. */
    private void create(ClientPort current, NodeApi api) {
        api.createTopic(
                topic, partitions, replicationFactor, clients.topicSettings(), result -> onAnswer(current, result));
    }

    /** On the node's loop. */
    private void onAnswer(ClientPort current, Result<TopicView> result) {
        current.reply(() -> {
            if (current != port) {
                return;
            }
            if (result instanceof Result.Ok<TopicView> ok) {
                onKnown(ok.value());
            } else if (result instanceof Result.Refused<TopicView> refused) {
                onRefused(refused.refusal());
            }
        });
    }

    private void onKnown(TopicView view) {
        if (view.partitions().get(0).groupId() <= formerGroupId) {
            lastAnswer = "the former topic";
            retry(0);
            return;
        }
        created = true;
        port = null;
        onCreated.accept(view);
    }

    private void onRefused(Refusal refusal) {
        lastAnswer = refusal.toString();
        if (refusal.reason() == Reason.LEADERSHIP_LOST || refusal.reason() == Reason.NO_QUORUM) {
            mayExist = true;
        }
        boolean knowsItExists = mayExist && refusal.reason() == Reason.TOPIC_EXISTS;
        boolean doesNotKnowItYet = mayExist && refusal.reason() == Reason.UNKNOWN_TOPIC;
        clients.verdict()
                .require(
                        knowsItExists || doesNotKnowItYet || WORTH_ANOTHER_TRY.contains(refusal.reason()),
                        Invariant.ANSWER_PLAUSIBLE,
                        "creating topic " + topic + " was refused: " + refusal);
        retry(Clients.leaderNamedBy(refusal));
    }

    private void retry(int node) {
        port.close();
        port = null;
        clients.backOff(prng, () -> attempt(node));
    }

    @Override
    public String toString() {
        return "topic " + topic + " (last answer: " + lastAnswer + ")";
    }
}
