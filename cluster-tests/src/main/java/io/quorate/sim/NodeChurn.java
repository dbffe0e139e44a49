/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.sim.check.Invariant;
import java.util.ArrayList;
import java.util.List;

/**
 * An operator with one machine more than the cluster needs: adds it, takes another one out, by removal or replacement, and
 * begins again with that one, on an empty disk. So the nodes are never fewer than they were, and each may go in its turn.
 */
final class NodeChurn {
    private static final int PAUSE_MILLIS_MAX = 1_500;
    private static final int ASK_AGAIN_MILLIS_MAX = 300;

    private final List<SimulatedNode> nodes;
    private final Clients clients;
    private final Prng prng;
    private SimulatedNode spare;
    private boolean finishing;
    /** What is under way; empty: nothing. */
    private String underWay = "";

    private String lastAnswer = "none";

    /** @param spare not in service */
    NodeChurn(List<SimulatedNode> nodes, SimulatedNode spare, Clients clients, Prng prng) {
        this.nodes = nodes;
        this.spare = spare;
        this.clients = clients;
        this.prng = prng;
    }

    void start() {
        clients.time().schedule(millis(PAUSE_MILLIS_MAX), "operator-of-nodes", () -> {
            if (!finishing && spare != null) {
                add();
            } else if (!finishing) {
                remove();
            }
        });
    }

    /** Begins nothing new; what is under way goes on. */
    void finish() {
        finishing = true;
    }

    /** What still waits for its end; empty when all is done. */
    List<String> unfinished() {
        return underWay.isEmpty() ? List.of() : List.of(underWay + " (last answer: " + lastAnswer + ")");
    }

    private void done(RareState state) {
        clients.sightings().met(state);
        underWay = "";
        start();
    }

    // ---- add

    private void add() {
        SimulatedNode newcomer = spare;
        spare = null;
        underWay = newcomer.id() + " is to be added";
        clients.sightings().met(newcomer.starts() == 0 ? RareState.NODE_ADDED : RareState.NODE_ADDED_AGAIN);
        newcomer.putInService(nodes.stream()
                .filter(node -> node == newcomer || node.isInService())
                .map(SimulatedNode::id)
                .toList());
        if (prng.nextInt(2) == 0) {
            // It waits, unknown to all.
            newcomer.start();
        }
        String address = SimulatedNode.peerAddress(newcomer.id());
        ask(new ClusterChange.AddNode(newcomer.id().value(), address), 0, api -> {
            startIfDown(newcomer);
            awaitMember(newcomer);
            return true;
        });
    }

    private void startIfDown(SimulatedNode newcomer) {
        clients.time().schedule(0, "operator-starts", () -> {
            if (newcomer.starts() == 0 || !newcomer.isUp()) {
                newcomer.start();
            }
        });
    }

    private void awaitMember(SimulatedNode newcomer) {
        clients.time().schedule(millis(ASK_AGAIN_MILLIS_MAX), "operator-looks", () -> {
            if (newcomer.api().filter(NodeApi::isReady).isPresent()) {
                done(RareState.NODE_JOINED);
            } else {
                awaitMember(newcomer);
            }
        });
    }

    // ---- remove

    private void remove() {
        List<SimulatedNode> there = new ArrayList<>(nodes);
        there.removeIf(node -> !node.isInService());
        SimulatedNode leaver = there.remove(prng.nextInt(there.size()));
        underWay = leaver.id() + " is to be removed";
        int id = leaver.id().value();
        ClusterChange change = !there.isEmpty() && prng.nextInt(2) == 0
                ? new ClusterChange.ReplaceNode(
                        id, there.get(prng.nextInt(there.size())).id().value())
                : new ClusterChange.RemoveNode(id);
        ask(change, 0, api -> {
            boolean gone = api.view().nodes().stream().noneMatch(node -> node.nodeId() == id);
            if (gone) {
                // Not within the turn of a node, which may be its own.
                clients.time().schedule(0, "operator-takes-out", () -> takeOut(leaver));
            }
            return gone;
        });
    }

    private void takeOut(SimulatedNode leaver) {
        if (leaver.disk().isForeign()) {
            // Its own disk is in another machine: it goes with its disk, when they have been put back.
            clients.time().schedule(millis(ASK_AGAIN_MILLIS_MAX), "operator-takes-out", () -> takeOut(leaver));
            return;
        }
        leaver.takeOutOfService();
        spare = leaver;
        done(RareState.NODE_REMOVED);
    }

    // ---- both

    private interface Ending {
        /** On the loop of the leader that has just carried it out. Whether that was all. */
        boolean onAccepted(NodeApi leader);
    }

    /** Asks until it is done: each change may be asked for again. */
    private void ask(ClusterChange change, int at, Ending ending) {
        ClientPort port = clients.connect(at, prng);
        port.call(api -> api.changeCluster(change, answer -> {
            if (!port.isOpen()) {
                return;
            }
            if (answer instanceof Result.Refused<ClusterChange.Accepted> refused) {
                port.reply(() -> onRefused(change, port, refused.refusal(), ending));
            } else if (ending.onAccepted(api)) {
                port.close();
            } else {
                lastAnswer =
                        ((Result.Ok<ClusterChange.Accepted>) answer).value().message();
                port.reply(() -> askAgain(change, port, 0, ending));
            }
        }));
        clients.timeout(() -> askAgain(change, port, 0, ending));
    }

    private void onRefused(ClusterChange change, ClientPort port, Refusal refusal, Ending ending) {
        lastAnswer = refusal.toString();
        Reason reason = refusal.reason();
        clients.verdict()
                .require(
                        reason != Reason.INTERNAL && reason != Reason.INVALID_ARGUMENT,
                        Invariant.ANSWER_PLAUSIBLE,
                        change + " was refused: " + refusal);
        askAgain(change, port, Clients.leaderNamedBy(refusal), ending);
    }

    private void askAgain(ClusterChange change, ClientPort port, int at, Ending ending) {
        if (port.isOpen()) {
            port.close();
            clients.time().schedule(millis(ASK_AGAIN_MILLIS_MAX), "operator-asks", () -> ask(change, at, ending));
        }
    }

    private long millis(int most) {
        return 1_000_000L * (1 + prng.nextInt(most));
    }
}
