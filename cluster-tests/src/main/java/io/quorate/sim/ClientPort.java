/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.NodeApi;
import java.util.function.Consumer;

/**
 * One connection of a client to one start of a node, as a stream is: in order in both directions, all or nothing. What
 * the client asks runs on the node's loop, what the node answers runs as an event of the client; nothing is answered any
 * more once either side has gone, and nobody tells: the client has its timeout for that.
 */
final class ClientPort {
    private final VirtualTime time;
    private final SimulatedNode node;
    private final int nodeStarts;
    private final long latencyNanos;
    private boolean closed;

    ClientPort(VirtualTime time, SimulatedNode node, long latencyNanos) {
        this.time = time;
        this.node = node;
        this.nodeStarts = node.starts();
        this.latencyNanos = latencyNanos;
    }

    SimulatedNode node() {
        return node;
    }

    boolean isOpen() {
        return !closed;
    }

    /** Runs {@code request} on the node's loop, if the request gets there. */
    void call(Consumer<NodeApi> request) {
        time.schedule(latencyNanos, "client-request", () -> {
            if (!closed && node.starts() == nodeStarts) {
                node.onLoop(request);
            }
        });
    }

    /** From the node's loop: runs {@code answer} at the client, if it gets there. */
    void reply(Runnable answer) {
        time.schedule(latencyNanos, "client-reply", () -> {
            if (!closed) {
                answer.run();
            }
        });
    }

    /** The client does not listen any more; what it has asked for may still be carried out. */
    void close() {
        closed = true;
    }
}
