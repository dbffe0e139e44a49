/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.seam.Clock;
import io.quorate.raft.log.NodeId;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** What this node hears of the others: when last, and where their clients go. Event loop only. */
public final class Peers {
    /**
     * A peer counts as up if it was heard of within this time and its connection has not broken since. Peers talk at
     * least once a second.
     */
    public static final long UP_WITHIN_MILLIS = 2_000;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private static final class Peer {
        boolean heard;
        boolean broken;
        long lastContactNanos;
        Optional<Change.RegisterNode> toldOfItself = Optional.empty();
    }

    private final Clock clock;
    private final NodeId self;
    private final SortedMap<NodeId, Peer> peers = new TreeMap<>();

    public Peers(Clock clock, NodeId self) {
        this.clock = clock;
        this.self = self;
    }

    private Peer peer(NodeId node) {
        return peers.computeIfAbsent(node, unknown -> new Peer());
    }

    public void onContact(NodeId node) {
        Peer peer = peer(node);
        peer.heard = true;
        peer.broken = false;
        peer.lastContactNanos = clock.nanoTime();
    }

    public void onDisconnected(NodeId node) {
        peer(node).broken = true;
    }

    /** Returns whether it is news. */
    public boolean onStatus(NodeId node, String clientAddress, long incarnation, String peerAddress) {
        Optional<Change.RegisterNode> told =
                Optional.of(new Change.RegisterNode(node, clientAddress, incarnation, peerAddress));
        Peer peer = peer(node);
        boolean news = !peer.toldOfItself.equals(told);
        peer.toldOfItself = told;
        return news;
    }

    /** What the node has told of itself since this one started. */
    public Optional<Change.RegisterNode> toldOfItself(NodeId node) {
        Peer peer = peers.get(node);
        return peer == null ? Optional.empty() : peer.toldOfItself;
    }

    public boolean isUp(NodeId node) {
        if (node.equals(self)) {
            return true;
        }
        Peer peer = peers.get(node);
        return peer != null && !peer.broken && lastContactMillis(node).orElse(Long.MAX_VALUE) <= UP_WITHIN_MILLIS;
    }

    /** How long ago it was heard of; 0 for this node itself, empty if never. */
    public OptionalLong lastContactMillis(NodeId node) {
        if (node.equals(self)) {
            return OptionalLong.of(0);
        }
        Peer peer = peers.get(node);
        return peer != null && peer.heard
                ? OptionalLong.of((clock.nanoTime() - peer.lastContactNanos) / NANOS_PER_MILLI)
                : OptionalLong.empty();
    }
}
