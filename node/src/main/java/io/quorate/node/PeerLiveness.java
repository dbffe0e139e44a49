/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.raft.log.NodeId;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;

/**
 * One sign of life per pair of nodes, in place of one per group: groups that rest send no heartbeats, so nodes on which
 * something rests send one for all of them, and whoever hears nothing of a peer for a minimum election timeout is told.
 *
 * <p>Time is counted in ticks of the loop, so that a process that was paused does not take its peers for silent before it
 * has read what they have sent meanwhile. Event loop only.
 */
final class PeerLiveness {
    /** Signs of life in a minimum election timeout: some may be lost. */
    private static final int SIGNS_PER_TIMEOUT = 4;

    private final int silenceTicks;
    private final int signTicks;
    private final Runnable sign;
    private final ObjIntConsumer<NodeId> onSilent;
    private final Map<NodeId, Integer> ticksSinceContact = new TreeMap<>();
    private int ticksSinceSign;

    /**
     * @param peers                all other nodes
     * @param electionTimeoutTicks minimum
     * @param sign                 sends all peers a sign of life
     * @param onSilent             told of a peer of which nothing was heard, and for how many ticks: once per silence
     */
    PeerLiveness(Iterable<NodeId> peers, int electionTimeoutTicks, Runnable sign, ObjIntConsumer<NodeId> onSilent) {
        this.silenceTicks = electionTimeoutTicks;
        this.signTicks = Math.max(1, electionTimeoutTicks / SIGNS_PER_TIMEOUT);
        this.sign = sign;
        this.onSilent = onSilent;
        peers.forEach(peer -> ticksSinceContact.put(peer, 0));
    }

    /** Something was heard of the peer. */
    void onContact(NodeId peer) {
        ticksSinceContact.put(peer, 0);
    }

    /** @param resting whether anything of this node rests, so that its peers may rely on its signs of life */
    void tick(boolean resting) {
        ticksSinceSign++;
        if (ticksSinceSign >= signTicks && resting) {
            ticksSinceSign = 0;
            sign.run();
        }
        for (Map.Entry<NodeId, Integer> peer : ticksSinceContact.entrySet()) {
            int ticks = peer.getValue() + 1;
            if (ticks <= silenceTicks) {
                peer.setValue(ticks);
                if (ticks == silenceTicks) {
                    onSilent.accept(peer.getKey(), ticks);
                }
            }
        }
    }
}
