/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.Envelope;
import io.quorate.raft.log.NodeId;
import java.util.ArrayDeque;
import java.util.List;

/**
 * What a group's member has to say to the others. A message that promises what is not durable yet is held until it is.
 * Event loop only.
 */
final class Outbox {
    private record Held(long sequence, List<Envelope> envelopes) {}

    private final ReplicaHost host;
    private final GroupName name;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private NodeId self;
    private long persistedSequence;

    Outbox(ReplicaHost host, GroupName name) {
        this.host = host;
        this.name = name;
    }

    /** A new core speaks, whose persists are counted from 1. */
    void restarted(NodeId member) {
        self = member;
        persistedSequence = 0;
        held.clear();
    }

    void send(List<Envelope> envelopes) {
        for (Envelope envelope : envelopes) {
            host.transport()
                    .send(
                            MemberId.node(envelope.to()),
                            new PeerMessage.ForGroup(
                                    name.groupId(),
                                    MemberId.stay(self),
                                    MemberId.stay(envelope.to()),
                                    envelope.message()));
        }
    }

    /** Sends once the persist of this sequence has been reported. */
    void sendAfter(long sequence, List<Envelope> envelopes) {
        if (envelopes.isEmpty()) {
            return;
        }
        if (sequence <= persistedSequence) {
            send(envelopes);
        } else {
            held.add(new Held(sequence, envelopes));
        }
    }

    /** Everything up to this sequence is durable from now on. */
    void persisted(long sequence) {
        persistedSequence = sequence;
    }

    /** Sends what was held for nothing else. */
    void release() {
        while (!held.isEmpty() && held.peek().sequence() <= persistedSequence) {
            send(held.poll().envelopes());
        }
    }

    /** What is held is never said. */
    void discard() {
        held.clear();
    }
}
