/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.metadata.Gossip;
import io.quorate.node.metadata.NodeRecord;
import io.quorate.node.metadata.Peers;
import io.quorate.node.seam.Transport;
import io.quorate.node.standing.DurableMemory;
import io.quorate.node.standing.PeerGuard;
import io.quorate.node.standing.Registrations;
import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Which other nodes there are, by the configuration, by this node's memory and by the registry, and where. Event loop only.
 */
final class Contacts {
    private final NodeSettings settings;
    private final DurableMemory memory;
    private final Peers peers;
    private final Transport transport;
    private final Supplier<SortedMap<NodeId, NodeRecord>> registered;
    private final long incarnation;

    /**
     * @param registered  the registry's nodes, as far as this node has applied them
     * @param incarnation of this node's storage
     */
    Contacts(
            NodeSettings settings,
            DurableMemory memory,
            Peers peers,
            Transport transport,
            Supplier<SortedMap<NodeId, NodeRecord>> registered,
            long incarnation) {
        this.settings = settings;
        this.memory = memory;
        this.peers = peers;
        this.transport = transport;
        this.registered = registered;
        this.incarnation = incarnation;
    }

    /** This node. */
    Gossip.Self myself() {
        return new Gossip.Self(
                settings.clientAddress(),
                settings.peerAddresses().get(settings.nodeId()),
                incarnation,
                memory.durable().admission());
    }

    /** All other nodes that were not removed, in ascending order. */
    List<NodeId> others() {
        TreeSet<NodeId> others = new TreeSet<>(settings.peerAddresses().keySet());
        others.addAll(memory.durable().nodes().keySet());
        others.remove(settings.nodeId());
        others.removeIf(node ->
                registration(node).map(Registrations.Registration::removed).orElse(false));
        return List.copyOf(others);
    }

    /** What the registry has of a node's storage. */
    Optional<Registrations.Registration> registration(NodeId node) {
        return Optional.ofNullable(registered.get().get(node))
                .map(found -> new Registrations.Registration(
                        found.admission(), found.incarnation(), found.state() == NodeRecord.State.REMOVED));
    }

    /** Whether the registry, as far as it is applied here, does not know this node's storage yet. Once it is admitted. */
    boolean isRegistryOfThePast() {
        int known = registration(settings.nodeId())
                .map(Registrations.Registration::admission)
                .orElse(0);
        return known < memory.durable().admission().getAsInt();
    }

    /** Connects with those that are remembered. */
    void reachKnown() {
        memory.durable().nodes().forEach((node, known) -> reach(node, known.peerAddress()));
    }

    private void reach(NodeId node, String peerAddress) {
        if (!peerAddress.isEmpty() && !settings.peerAddresses().containsKey(node)) {
            transport.reach(node, peerAddress);
        }
    }

    /** Notes where the registry's nodes are, and which storage of them counts. */
    void note(PeerGuard guard) {
        for (NodeRecord node : registered.get().values()) {
            if (node.state() == NodeRecord.State.REMOVED) {
                // One that still runs is told that it was removed.
                if (!peers.isUp(node.node())) {
                    transport.forget(node.node());
                }
            } else if (!node.node().equals(settings.nodeId())) {
                guard.onRegistered(node.node());
                if (!node.peerAddress().isEmpty()) {
                    memory.noteAddress(node.node(), node.peerAddress());
                    reach(node.node(), node.peerAddress());
                }
            }
        }
    }
}
