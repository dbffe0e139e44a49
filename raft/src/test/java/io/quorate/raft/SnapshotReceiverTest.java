/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.InstallSnapshot;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A snapshot that arrives in pieces")
class SnapshotReceiverTest {
    private static GroupSnapshot snapshot(int bytes) {
        byte[] state = new byte[bytes];
        new SplittableRandom(bytes).nextBytes(state);
        return new GroupSnapshot(
                id(1, 9), 5, Payload.wrap(state), CoreFixture.voters(3).encode());
    }

    private static InstallSnapshot piece(GroupSnapshot of, int from, int to) {
        Payload chunk = Payload.wrap(of.state().array(), from, to - from);
        return new InstallSnapshot(
                1, SnapshotId.of(of), of.nextOffset(), of.membership(), from, chunk, SnapshotId.checksumOf(chunk));
    }

    private static InstallSnapshot announced(
            long logTerm, long total, Payload membership, long position, Payload chunk) {
        return new InstallSnapshot(
                2,
                new SnapshotId(id(logTerm, 9), total, 0),
                5,
                membership,
                position,
                chunk,
                SnapshotId.checksumOf(chunk));
    }

    @ParameterizedTest(name = "of term {0}, {1} bytes, position {2}, {3} bytes: flawed {4}")
    @DisplayName("is taken up to the limit of size, within its bounds, and of no newer term than its sender's")
    @CsvSource({
        "2, 67108864, 0, 3, false",
        "2, 67108865, 0, 3, true",
        "3, 10, 0, 3, true",
        "1, 10, -1, 3, true",
        "1, 10, 7, 3, false",
        "1, 10, 8, 3, true",
        "1, 10, 10, 0, false",
        "1, 10, 11, 0, true",
        "1, 0, 0, 0, false"
    })
    void bounds(long logTerm, long total, long position, int size, boolean flawed) {
        InstallSnapshot piece =
                announced(logTerm, total, Payload.EMPTY, position, Payload.wrap(new byte[size], 0, size));
        assertEquals(flawed, SnapshotReceiver.flawOf(piece).isPresent(), () -> SnapshotReceiver.flawOf(piece)
                .toString());
    }

    @Test
    @DisplayName("says who the members are, or nothing at all about that; and each piece is as its sender read it")
    void contents() {
        Payload chunk = Payload.utf8("abc");
        assertEquals(
                Optional.empty(),
                SnapshotReceiver.flawOf(announced(1, 9, CoreFixture.voters(3).encode(), 0, chunk)));
        assertTrue(SnapshotReceiver.flawOf(announced(1, 9, Payload.utf8("x"), 0, chunk))
                .orElseThrow()
                .endsWith("a membership"));
        InstallSnapshot damaged = new InstallSnapshot(
                2, new SnapshotId(id(1, 9), 9, 0), 5, Payload.EMPTY, 0, chunk, SnapshotId.checksumOf(chunk) + 1);
        assertTrue(SnapshotReceiver.flawOf(damaged).orElseThrow().startsWith("a damaged piece"));
    }

    @Test
    @DisplayName("is put together from pieces of any size, doubled and overlapping, however large it becomes")
    void grows() {
        GroupSnapshot whole = snapshot(300_000);
        SnapshotReceiver receiver = new SnapshotReceiver();
        int size = 0;
        int step = 1;
        while (size < 300_000) {
            int from = Math.max(0, size - step / 3);
            int to = Math.min(300_000, size + step);
            InstallSnapshot piece = piece(whole, from, to);
            receiver.take(piece);
            size = to;
            assertEquals(size, receiver.position(piece.snapshot()));
            assertEquals(size == 300_000 ? Optional.of(whole) : Optional.empty(), receiver.completed(piece));
            step = step * 2 + 1;
        }
        assertEquals(0, receiver.position(SnapshotId.of(whole)), "what was handed over is gone");
    }

    @Test
    @DisplayName(
            "a piece beyond what is here, or of what is here, changes nothing; one of another snapshot starts anew")
    void order() {
        GroupSnapshot whole = snapshot(100);
        GroupSnapshot other = snapshot(101);
        SnapshotReceiver receiver = new SnapshotReceiver();
        receiver.take(piece(whole, 0, 40));
        receiver.take(piece(whole, 41, 60));
        receiver.take(piece(whole, 0, 40));
        receiver.take(piece(whole, 10, 20));
        assertEquals(40, receiver.position(SnapshotId.of(whole)));
        assertEquals(0, receiver.position(SnapshotId.of(other)));
        assertEquals(Optional.empty(), receiver.completed(piece(other, 0, 0)));
        receiver.take(piece(other, 0, 30));
        assertEquals(30, receiver.position(SnapshotId.of(other)));
        assertEquals(0, receiver.position(SnapshotId.of(whole)));
        receiver.forget();
        assertEquals(0, receiver.position(SnapshotId.of(other)));
    }

    @Test
    @DisplayName("that does not match its checksum is thrown away as a whole")
    void damagedWhole() {
        GroupSnapshot whole = snapshot(100);
        InstallSnapshot piece = new InstallSnapshot(
                1,
                new SnapshotId(id(1, 9), 100, SnapshotId.of(whole).checksum() + 1),
                5,
                Payload.EMPTY,
                0,
                whole.state(),
                SnapshotId.checksumOf(whole.state()));
        SnapshotReceiver receiver = new SnapshotReceiver();
        receiver.take(piece);
        assertEquals(Optional.empty(), receiver.completed(piece));
        assertEquals(0, receiver.position(piece.snapshot()));
    }
}
