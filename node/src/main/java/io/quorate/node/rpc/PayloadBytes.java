/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Between protobuf's byte strings and payloads without copying: both promise never to change the array they share. */
final class PayloadBytes {
    private PayloadBytes() {}

    static ByteString toByteString(Payload payload) {
        return payload.size() == 0
                ? ByteString.EMPTY
                : UnsafeByteOperations.unsafeWrap(payload.array(), payload.arrayOffset(), payload.size());
    }

    /** A view if the bytes lie in one array, which holds for all that {@link AliasingMarshaller} read; else a copy. */
    static Payload toPayload(ByteString bytes) {
        if (bytes.isEmpty()) {
            return Payload.EMPTY;
        }
        SinglePiece piece = new SinglePiece();
        try {
            UnsafeByteOperations.unsafeWriteTo(bytes, piece);
        } catch (IOException impossible) {
            throw new AssertionError("a sink in memory", impossible);
        }
        return piece.shared ? Payload.wrap(piece.array, piece.offset, piece.size) : Payload.wrap(bytes.toByteArray());
    }

    /** Notes where the bytes lie. {@code writeLazy} promises that the array will not change; {@code write} does not. */
    private static final class SinglePiece extends ByteOutput {
        private byte[] array;
        private int offset;
        private int size;
        private boolean shared;
        private boolean written;

        @Override
        public void writeLazy(byte[] value, int from, int length) {
            shared = !written;
            written = true;
            array = value;
            offset = from;
            size = length;
        }

        @Override
        public void writeLazy(ByteBuffer value) {
            notShared();
        }

        @Override
        public void write(byte value) {
            notShared();
        }

        @Override
        public void write(byte[] value, int from, int length) {
            notShared();
        }

        @Override
        public void write(ByteBuffer value) {
            notShared();
        }

        private void notShared() {
            shared = false;
            written = true;
        }
    }
}
