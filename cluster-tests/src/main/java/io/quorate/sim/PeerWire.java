/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.node.rpc.PeerCodec;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import io.quorate.node.rpc.RepairCodec;
import io.quorate.node.seam.PeerMessage;

/** What one node says to another, as the bytes that would be on the wire. */
final class PeerWire {
    private PeerWire() {}

    static byte[] encode(PeerMessage message) {
        PeerFrame.Builder frame = PeerFrame.newBuilder();
        if (message instanceof PeerMessage.ForGroup forGroup) {
            frame.addMessages(PeerCodec.encode(forGroup));
        } else if (message instanceof PeerMessage.Status status) {
            frame.setStatus(PeerCodec.encode(status));
        } else if (message instanceof PeerMessage.Repair repair) {
            frame.addMessages(RepairCodec.encode(repair));
        } else if (message instanceof PeerMessage.Standing standing) {
            frame.setStanding(PeerCodec.encode(standing));
        }
        return frame.build().toByteArray();
    }

    /** @throws IllegalStateException if the node that encoded it said what no correct node says */
    static PeerMessage decode(byte[] bytes) {
        try {
            PeerFrame frame = PeerFrame.parseFrom(bytes);
            if (frame.hasStatus()) {
                return PeerCodec.decode(frame.getStatus());
            }
            if (frame.hasStanding()) {
                return PeerCodec.decode(frame.getStanding());
            }
            GroupMessage message = frame.getMessages(0);
            return RepairCodec.isRepair(message) ? RepairCodec.decode(message) : PeerCodec.decode(message);
        } catch (InvalidProtocolBufferException | MalformedMessageException e) {
            throw new IllegalStateException("a node sent what its peer refuses: " + e.getMessage(), e);
        }
    }
}
