/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.metadata.NodeRecord.State;
import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.NodeId;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The nodes of the registry, and what may become of them. Part of {@link MetadataStateMachine}. */
final class NodeTable {
    private final SortedMap<NodeId, NodeRecord> nodes = new TreeMap<>();

    SortedMap<NodeId, NodeRecord> view() {
        return Collections.unmodifiableSortedMap(nodes);
    }

    void restore(Collection<NodeRecord> all) {
        nodes.clear();
        all.forEach(this::put);
    }

    private Outcome put(NodeRecord record) {
        nodes.put(record.node(), record);
        return new Outcome.NodeChanged(record);
    }

    private Optional<NodeRecord> find(NodeId node) {
        return Optional.ofNullable(nodes.get(node));
    }

    /** A member tells where it is. Of other storage than the registry has of it, it is not believed. */
    Outcome register(Change.RegisterNode told) {
        Optional<NodeRecord> known = find(told.node());
        if (known.isEmpty()) {
            return put(new NodeRecord(
                    told.node(), told.clientAddress(), told.peerAddress(), told.incarnation(), 0, State.ACTIVE));
        }
        NodeRecord record = known.get();
        if (record.incarnation() != told.incarnation() || !record.isMember()) {
            return new Outcome.Refused(Refusal.of(
                            Reason.CHANGE_REFUSED,
                            "node " + told.node().value() + " is registered with other storage, or not as a member")
                    .with("node", told.node().value()));
        }
        return put(new NodeRecord(
                record.node(),
                told.clientAddress(),
                told.peerAddress(),
                record.incarnation(),
                record.admission(),
                record.state()));
    }

    Outcome add(Change.AddNode add) {
        Optional<NodeRecord> known = find(add.node());
        if (known.isPresent() && known.get().state() != State.REMOVED) {
            NodeRecord record = known.get();
            return record.peerAddress().equals(add.peerAddress())
                    ? new Outcome.NodeChanged(record)
                    : new Outcome.Refused(Refusal.of(
                                    Reason.CHANGE_REFUSED,
                                    "node " + add.node().value() + " is there already, at "
                                            + (record.peerAddress().isEmpty()
                                                    ? "the configured address"
                                                    : record.peerAddress()))
                            .with("node", add.node().value()));
        }
        long present = nodes.values().stream()
                .filter(node -> node.state() != State.REMOVED)
                .count();
        if (present >= MetadataLimits.MAX_NODES) {
            return new Outcome.Refused(Refusal.of(
                    Reason.CHANGE_REFUSED,
                    "a cluster has at most " + MetadataLimits.MAX_NODES + " nodes, and has " + present
                            + "; remove one first"));
        }
        int admission = known.map(NodeRecord::admission).orElse(0);
        return put(new NodeRecord(add.node(), "", add.peerAddress(), 0, admission, State.ADDED));
    }

    /** The node is believed to be the one with this storage from now on. */
    Outcome admit(Change.AdmitNode admit) {
        Optional<NodeRecord> known = find(admit.node());
        if (known.isPresent() && known.get().incarnation() == admit.incarnation()) {
            return new Outcome.NodeChanged(known.get());
        }
        if (known.isPresent() && known.get().state() == State.REMOVED) {
            return new Outcome.Refused(removed(admit.node()));
        }
        int admission = known.map(NodeRecord::admission).orElse(0) + 1;
        if (admission > MemberId.MAX_STAY) {
            return new Outcome.Refused(Refusal.of(
                    Reason.CHANGE_REFUSED,
                    "node " + admit.node().value() + " was admitted " + MemberId.MAX_STAY
                            + " times; give the machine another id"));
        }
        State state = known.filter(NodeRecord::isMember).map(NodeRecord::state).orElse(State.ACTIVE);
        return put(new NodeRecord(
                admit.node(),
                known.map(NodeRecord::clientAddress).orElse(""),
                known.map(NodeRecord::peerAddress).orElse(""),
                admit.incarnation(),
                admission,
                state));
    }

    Outcome change(Change.ChangeNodeState change) {
        Optional<NodeRecord> known = find(change.node());
        if (known.isEmpty()) {
            return new Outcome.Refused(unknown(change.node()));
        }
        State now = known.get().state();
        State next = change.state();
        boolean follows = now == next
                || next == State.LEAVING && now == State.ACTIVE
                || next == State.ACTIVE && now == State.LEAVING
                || next == State.REMOVED && (now == State.LEAVING || now == State.ADDED);
        return follows ? put(known.get().with(next)) : new Outcome.Refused(removed(change.node()));
    }

    static Refusal unknown(NodeId node) {
        return Refusal.of(Reason.UNKNOWN_NODE, "the cluster has no node " + node.value())
                .with("node", node.value());
    }

    private static Refusal removed(NodeId node) {
        return Refusal.of(
                        Reason.CHANGE_REFUSED,
                        "node " + node.value() + " was removed from the cluster; `quorate node add` lets it join again")
                .with("node", node.value());
    }
}
