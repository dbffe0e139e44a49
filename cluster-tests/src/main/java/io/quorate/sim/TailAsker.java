/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.sim.check.ReadChecker;

/**
 * Asks again and again where a partition ends: the smallest read there is, and so the one that most often meets a leader
 * that was replaced without knowing it. Of the leader, staying like a real client with a node that has answered, or each
 * time of any node: its replica must then know as much.
 */
final class TailAsker {
    private static final int PAUSE_MILLIS_MAX = 40;

    private final SimulatedPartition partition;
    private final ReadConsistency consistency;
    private final Clients clients;
    private final Prng prng;
    private final ReadChecker checker;
    private int node;
    private boolean finished;

    /** @param consistency linearizable */
    TailAsker(String name, SimulatedPartition partition, ReadConsistency consistency, Clients clients, Prng prng) {
        this.partition = partition;
        this.consistency = consistency;
        this.clients = clients;
        this.prng = prng;
        this.checker = new ReadChecker(clients.checker().oracle(partition.groupId()), name, 0);
    }

    void start() {
        if (finished) {
            return;
        }
        ClientPort port = clients.connect(node, prng);
        // At this moment, before the node has heard of the question.
        long acknowledged = clients.checker().history().acknowledgedUpTo(partition.groupId());
        node = 0;
        port.call(api -> ask(port, api, acknowledged));
        clients.time().schedule(1_000_000L * (1 + prng.nextInt(PAUSE_MILLIS_MAX)), "tail-pause", this::start);
    }

    void finish() {
        finished = true;
    }

    /** On the node's loop. */
    private void ask(ClientPort port, NodeApi api, long acknowledged) {
        boolean[] asked = new boolean[1];
        api.tail(partition.name(), consistency, answer -> {
            if (answer instanceof Result.Ok<Marks> ok) {
                clients.verdict()
                        .judge(() -> checker.onLinearizableEnd(ok.value().highWatermark(), acknowledged));
                onAnswered(port, ok.value());
            } else if (asked[0]) {
                clients.sightings()
                        .met(
                                consistency.needsLeader()
                                        ? RareState.LEADERSHIP_NOT_CONFIRMED
                                        : RareState.READ_INDEX_NOT_GOT);
            }
        });
        asked[0] = true;
    }

    private void onAnswered(ClientPort port, Marks marks) {
        int answeredBy = port.node().id().value();
        if (consistency.needsLeader()) {
            port.reply(() -> node = answeredBy);
        } else if (marks.leaderId() != answeredBy) {
            clients.sightings().met(RareState.FOLLOWER_READ_LINEARIZABLY);
        }
    }
}
