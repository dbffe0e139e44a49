/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.raft.log.NodeId;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.BiPredicate;

/** Delivers in order after a fixed delay, unless a link is cut. */
final class VirtualNetwork {
    private static final long DELAY_NANOS = 200_000;

    private record Endpoint(Executor loop, Transport.Receiver receiver) {}

    private final VirtualTime time;
    private final SortedMap<NodeId, Endpoint> endpoints = new TreeMap<>();
    /** Told of every message that a node hands to the network. */
    interface Tap {
        void onSend(NodeId from, PeerMessage message);
    }

    private Tap tap = (from, message) -> {};
    private BiPredicate<NodeId, PeerMessage> dropped = (from, message) -> false;
    private final TreeSet<NodeId> isolated = new TreeSet<>();

    VirtualNetwork(VirtualTime time) {
        this.time = time;
    }

    void tap(Tap listener) {
        tap = listener;
    }

    /** Loses these messages, by who sends them, instead of those it lost until now. */
    void drop(BiPredicate<NodeId, PeerMessage> lost) {
        dropped = lost;
    }

    /** Cuts all of the node's links, silently: nobody is told, packets just vanish. */
    void isolate(NodeId node) {
        isolated.add(node);
    }

    void heal(NodeId node) {
        isolated.remove(node);
    }

    /** The process has gone: its peers see their connections break. */
    void died(NodeId node) {
        endpoints.remove(node);
        if (!isolated.contains(node)) {
            endpoints.values().forEach(endpoint -> endpoint.loop()
                    .execute(() -> endpoint.receiver().onDisconnected(node)));
        }
    }

    private boolean isConnected(NodeId from, NodeId to) {
        return endpoints.containsKey(from)
                && endpoints.containsKey(to)
                && !isolated.contains(from)
                && !isolated.contains(to);
    }

    Transport transport(NodeId self, Executor loop) {
        return new Transport() {
            @Override
            public void start(Receiver receiver) {
                Endpoint started = new Endpoint(loop, receiver);
                endpoints.put(self, started);
                endpoints.forEach((peer, endpoint) -> {
                    if (!peer.equals(self) && isConnected(self, peer)) {
                        loop.execute(() -> receiver.onConnected(peer));
                        endpoint.loop().execute(() -> endpoint.receiver().onConnected(self));
                    }
                });
            }

            @Override
            public void reach(NodeId peer, String address) {
                // Every node can be reached by its id.
            }

            @Override
            public void forget(NodeId peer) {
                // Who was removed may go on to talk.
            }

            @Override
            public void send(NodeId to, PeerMessage message) {
                tap.onSend(self, message);
                if (isConnected(self, to) && !dropped.test(self, message)) {
                    Endpoint target = endpoints.get(to);
                    time.plan(DELAY_NANOS, () -> {
                        if (isConnected(self, to) && endpoints.get(to) == target) {
                            target.loop().execute(() -> target.receiver().onMessage(self, message));
                        }
                    });
                }
            }

            @Override
            public void close() {
                endpoints.remove(self);
            }
        };
    }
}
