/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.NodeStatus;
import io.quorate.internal.v1.Standing;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import java.util.Arrays;

/**
 * Lets a coverage-guided fuzzer send what peers send to each other. Whatever is taken is the same after it was sent on. The
 * input: one byte that says what it is, then a protobuf message.
 */
public final class PeerCodecFuzzer {
    private PeerCodecFuzzer() {}

    /** What the fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] input) throws InvalidProtocolBufferException {
        if (input.length == 0) {
            return;
        }
        byte[] message = Arrays.copyOfRange(input, 1, input.length);
        try {
            switch (input[0] % 3) {
                case 0 -> {
                    var taken = PeerCodec.decode(GroupMessage.parseFrom(message));
                    check(taken, PeerCodec.decode(PeerCodec.encode(taken)));
                }
                case 1 -> {
                    var taken = PeerCodec.decode(NodeStatus.parseFrom(message));
                    check(taken, PeerCodec.decode(PeerCodec.encode(taken)));
                }
                default -> {
                    var taken = PeerCodec.decode(Standing.parseFrom(message));
                    check(taken, PeerCodec.decode(PeerCodec.encode(taken)));
                }
            }
        } catch (InvalidProtocolBufferException | MalformedMessageException refused) {
            return;
        }
    }

    private static void check(Object taken, Object sentOn) {
        if (!taken.equals(sentOn)) {
            throw new AssertionError(taken + " became " + sentOn);
        }
    }
}
