/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.node.api.EventKind;
import io.quorate.node.api.NodeEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * One event in a file.
 *
 * <pre>
 *   0  4  CRC32C of everything behind it
 *   4  2  size of the detail in bytes
 *   6  2  kind
 *   8  8  sequence
 *  16  8  time, ms since 1970
 *  24  8  group id, -1 for the whole node
 *  32  8  generation
 *  40  4  peer, 0 for none
 *  44     detail, UTF-8
 * </pre>
 */
final class EventFrame {
    static final int HEADER_BYTES = 44;
    static final int MAX_DETAIL_BYTES = 3 * NodeEvent.MAX_DETAIL_CHARS;
    static final int MAX_BYTES = HEADER_BYTES + MAX_DETAIL_BYTES;

    private static final int CRC_BYTES = 4;

    private EventFrame() {}

    /** What is found at a place in a file. @param event empty: of a kind that this release does not know */
    record Found(Optional<NodeEvent> event, long sequence, int sizeBytes) {}

    static ByteBuffer encode(NodeEvent event) {
        byte[] detail = event.detail().getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + detail.length);
        frame.putShort(4, (short) detail.length)
                .putShort(6, event.kind().code())
                .putLong(8, event.sequence())
                .putLong(16, event.timeMillis())
                .putLong(24, event.groupId())
                .putLong(32, event.generation())
                .putInt(40, event.peer())
                .put(HEADER_BYTES, detail);
        frame.putInt(0, checksum(frame, 0, frame.capacity()));
        return frame;
    }

    /** The frame at a position of {@code bytes}; empty if there is no whole and undamaged one. */
    static Optional<Found> decode(ByteBuffer bytes, int position) {
        if (bytes.limit() - position < HEADER_BYTES) {
            return Optional.empty();
        }
        int detailBytes = bytes.getShort(position + 4) & 0xFFFF;
        int size = HEADER_BYTES + detailBytes;
        if (detailBytes > MAX_DETAIL_BYTES
                || bytes.limit() - position < size
                || bytes.getInt(position) != checksum(bytes, position, size)) {
            return Optional.empty();
        }
        byte[] detail = new byte[detailBytes];
        bytes.get(position + HEADER_BYTES, detail);
        long sequence = bytes.getLong(position + 8);
        Optional<NodeEvent> event = EventKind.of(bytes.getShort(position + 6))
                .map(kind -> new NodeEvent(
                        sequence,
                        bytes.getLong(position + 16),
                        kind,
                        bytes.getLong(position + 24),
                        bytes.getLong(position + 32),
                        bytes.getInt(position + 40),
                        new String(detail, StandardCharsets.UTF_8)));
        return Optional.of(new Found(event, sequence, size));
    }

    private static int checksum(ByteBuffer bytes, int position, int size) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().limit(position + size).position(position + CRC_BYTES));
        return (int) crc.getValue();
    }
}
