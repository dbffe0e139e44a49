/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.SimulationOptions.NetworkOptions;
import java.util.Arrays;

/**
 * The network between the nodes, which keeps no promise but one: what arrives was sent. Every message goes through the
 * real codec. It may be lost, doubled, overtaken, or so late that sender and receiver have died and come back meanwhile.
 * Connections exist beside the messages, for {@link Transport.Receiver#onConnected} and its opposite: a dead node's peers
 * mostly notice at once, sometimes late.
 */
final class SimulatedNetwork {
    /** Sees what a node says, before anything can happen to it. */
    interface Tap {
        void onSend(NodeId from, NodeId to, PeerMessage message);

        /** It has got there, and waits for its turn. */
        void onArrival(NodeId from, NodeId to, PeerMessage message);
    }

    private static final int RECONNECT_MILLIS_MAX = 150;
    private static final int SILENCE_NOTICED_MILLIS_MAX = 3_000;

    private final VirtualTime time;
    private final Prng prng;
    private final TraceHash trace;
    private final Tap tap;
    private final Sightings sightings;
    private final NetworkOptions options;
    private final Endpoint[] endpoints;
    private final boolean[][] cut;
    private final long[][] slowedNanos;
    private final long[][] lastArrivalNanos;
    /** Counts connections of a pair, by lower and higher id; odd: connected. */
    private final int[][] connection;

    private final long calmNanos;

    private boolean faulty = true;
    private long sent;

    /** @param calmNanos longest way of a message when faults are over: elections need time for a few of them */
    SimulatedNetwork(
            VirtualTime time,
            Prng prng,
            TraceHash trace,
            Tap tap,
            Sightings sightings,
            NetworkOptions options,
            int nodes,
            long calmNanos) {
        this.time = time;
        this.prng = prng;
        this.trace = trace;
        this.tap = tap;
        this.sightings = sightings;
        this.options = options;
        this.calmNanos = calmNanos;
        this.endpoints = new Endpoint[nodes + 1];
        this.cut = new boolean[nodes + 1][nodes + 1];
        this.slowedNanos = new long[nodes + 1][nodes + 1];
        this.lastArrivalNanos = new long[nodes + 1][nodes + 1];
        this.connection = new int[nodes + 1][nodes + 1];
    }

    /** The transport of one start of a node. */
    Transport transport(NodeId self, VirtualLoop loop) {
        return new Endpoint(self, loop);
    }

    /** Nothing goes from one to the other any more; what is on the way is lost. Noticed after a while. */
    void cut(int from, int to) {
        cut[from][to] = true;
        long noticed = millis(1 + prng.nextInt(SILENCE_NOTICED_MILLIS_MAX));
        int seen = connectionOf(from, to);
        time.schedule(noticed, "net-silence", () -> {
            if ((cut[from][to] || cut[to][from]) && connectionOf(from, to) == seen) {
                disconnect(from, to);
            }
        });
    }

    /** Whether neither direction between the two is cut. */
    boolean isOpen(int a, int b) {
        return !cut[a][b] && !cut[b][a];
    }

    void heal(int from, int to) {
        cut[from][to] = false;
    }

    /** What goes from one to the other from now on takes so much longer; 0: no longer than usual. */
    void slow(int from, int to, long nanos) {
        slowedNanos[from][to] = nanos;
    }

    /** No more faults; cuts are healed, and what the connections lost comes back by itself. */
    void makeReliable() {
        faulty = false;
        for (boolean[] row : cut) {
            Arrays.fill(row, false);
        }
        for (long[] row : slowedNanos) {
            Arrays.fill(row, 0);
        }
    }

    /** Whether faults are over. */
    boolean isReliable() {
        return !faulty;
    }

    /** The connection breaks; both sides learn it and connect again. */
    void reset(int a, int b) {
        disconnect(a, b);
    }

    /** The node's process has gone. */
    void died(int node) {
        endpoints[node] = null;
        for (int peer = 1; peer < endpoints.length; peer++) {
            if (peer != node && isConnected(node, peer)) {
                boolean silent = faulty && prng.nextInt(4) == 0;
                int seen = connectionOf(node, peer);
                int other = peer;
                long delay = silent ? millis(prng.nextInt(SILENCE_NOTICED_MILLIS_MAX)) : latencyNanos();
                time.schedule(delay, "net-died", () -> {
                    if (connectionOf(node, other) == seen) {
                        disconnect(node, other);
                    }
                });
            }
        }
    }

    long messagesSent() {
        return sent;
    }

    private void started(int node) {
        for (int peer = 1; peer < endpoints.length; peer++) {
            if (peer != node) {
                if (isConnected(node, peer)) {
                    // The peer has not yet noticed that the former process died.
                    disconnect(node, peer);
                } else {
                    scheduleConnect(node, peer);
                }
            }
        }
    }

    private void scheduleConnect(int a, int b) {
        int seen = connectionOf(a, b);
        long delay = millis(prng.nextInt(RECONNECT_MILLIS_MAX)) + latencyNanos();
        time.schedule(delay, "net-connect", () -> {
            if (connectionOf(a, b) != seen || endpoints[a] == null || endpoints[b] == null) {
                return;
            }
            if (cut[a][b] || cut[b][a]) {
                scheduleConnect(a, b);
                return;
            }
            nextConnection(a, b);
            endpoints[a].connected(new NodeId(b));
            endpoints[b].connected(new NodeId(a));
        });
    }

    private void disconnect(int a, int b) {
        if (!isConnected(a, b)) {
            return;
        }
        nextConnection(a, b);
        if (endpoints[a] != null) {
            endpoints[a].disconnected(new NodeId(b));
        }
        if (endpoints[b] != null) {
            endpoints[b].disconnected(new NodeId(a));
        }
        if (endpoints[a] != null && endpoints[b] != null) {
            scheduleConnect(a, b);
        }
    }

    private boolean isConnected(int a, int b) {
        return connectionOf(a, b) % 2 == 1;
    }

    private int connectionOf(int a, int b) {
        return connection[Math.min(a, b)][Math.max(a, b)];
    }

    private void nextConnection(int a, int b) {
        connection[Math.min(a, b)][Math.max(a, b)]++;
    }

    private void send(int from, int to, PeerMessage message) {
        tap.onSend(new NodeId(from), new NodeId(to), message);
        sent++;
        if (!isConnected(from, to) || happens(options.lossPermille())) {
            return;
        }
        byte[] bytes = PeerWire.encode(message);
        trace.fold(bytes);
        transmit(from, to, bytes);
        if (happens(options.duplicatePermille())) {
            transmit(from, to, bytes);
        }
    }

    private void transmit(int from, int to, byte[] bytes) {
        boolean late = happens(options.latePermille());
        long arrival = time.nowNanos()
                + latencyNanos()
                + slowedNanos[from][to]
                + (late ? millis(1 + prng.nextInt(options.lateMillisMax())) : 0);
        if (!late && !(faulty && options.reorders())) {
            arrival = Math.max(arrival, lastArrivalNanos[from][to]);
            lastArrivalNanos[from][to] = arrival;
        }
        int sentOn = connectionOf(from, to);
        time.schedule(arrival - time.nowNanos(), "net-arrival", () -> {
            boolean stillConnected = connectionOf(from, to) == sentOn;
            Endpoint receiver = endpoints[to];
            if (receiver != null && !cut[from][to] && (stillConnected || late)) {
                if (!stillConnected) {
                    sightings.met(RareState.MESSAGE_OUTLIVED_ITS_CONNECTION);
                }
                PeerMessage message = PeerWire.decode(bytes);
                tap.onArrival(new NodeId(from), new NodeId(to), message);
                receiver.deliver(new NodeId(from), message);
            }
        });
    }

    private boolean happens(int permille) {
        return faulty && permille > 0 && prng.nextInt(1000) < permille;
    }

    private long latencyNanos() {
        long drawn = 1_000L * (options.latencyMicros() + prng.nextInt(options.jitterMicros() + 1));
        return faulty ? drawn : Math.min(drawn, calmNanos);
    }

    private static long millis(int millis) {
        return millis * 1_000_000L;
    }

    private final class Endpoint implements Transport {
        private final NodeId self;
        private final VirtualLoop loop;
        private Receiver receiver;
        private boolean closed;

        private Endpoint(NodeId self, VirtualLoop loop) {
            this.self = self;
            this.loop = loop;
        }

        @Override
        public void start(Receiver receiver) {
            this.receiver = receiver;
            endpoints[self.value()] = this;
            started(self.value());
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
            if (!closed && endpoints[self.value()] == this) {
                SimulatedNetwork.this.send(self.value(), to.value(), message);
            }
        }

        @Override
        public void close() {
            closed = true;
            if (endpoints[self.value()] == this) {
                died(self.value());
            }
        }

        private void deliver(NodeId from, PeerMessage message) {
            onLoop(() -> receiver.onMessage(from, message));
        }

        private void connected(NodeId peer) {
            onLoop(() -> receiver.onConnected(peer));
        }

        private void disconnected(NodeId peer) {
            onLoop(() -> receiver.onDisconnected(peer));
        }

        private void onLoop(Runnable callback) {
            loop.execute(() -> {
                if (!closed) {
                    callback.run();
                }
            });
        }
    }
}
