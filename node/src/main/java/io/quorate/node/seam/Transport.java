/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

import io.quorate.raft.log.NodeId;

/**
 * Messages between nodes. Delivery is not promised: a message may be lost, late, doubled or overtaken. All calls and
 * callbacks happen on the node's event loop.
 */
public interface Transport {
    interface Receiver {
        void onMessage(NodeId from, PeerMessage message);

        /** Messages in both directions have a good chance now. */
        void onConnected(NodeId peer);

        /** The connection broke: what was on the way is probably lost. */
        void onDisconnected(NodeId peer);
    }

    /** Starts to listen and to connect to all peers, again and again until closed. */
    void start(Receiver receiver);

    /**
     * There is such a peer, at this address (host:port): connects to it from now on. Does nothing if that is known. A
     * transport may come to know peers by itself, when they connect.
     */
    void reach(NodeId peer, String address);

    /** Lets the peer go. Does nothing if it is not known. */
    void forget(NodeId peer);

    /** Best effort; never blocks. Dropped when there is no connection to such a peer or too much is queued. */
    void send(NodeId to, PeerMessage message);

    void close();
}
