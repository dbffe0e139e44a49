/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.TimeoutNow;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("What a member wants the world to do")
class OutboxTest {
    private static final Persist PERSIST = new Persist(3, Optional.empty(), OptionalLong.empty(), List.of());

    private static Arguments kind(Object effect, Consumer<Outbox> put, Function<Outputs, List<?>> place) {
        return Arguments.of(effect, put, place);
    }

    static Stream<Arguments> kinds() {
        Envelope now = to(N2, new TimeoutNow(1));
        Envelope later = to(N2, new AppendAccepted(1, 1));
        EntryLoad load = new EntryLoad(N2, 1, 10);
        SnapshotLoad snapshotLoad = new SnapshotLoad(N2, id(1, 4));
        GroupSnapshot snapshot = new GroupSnapshot(id(1, 4), 2, Payload.EMPTY, Payload.EMPTY);
        ReadOutcome read = new ReadOutcome.Granted(1, 2);
        RaftEvent event = new RaftEvent.BecameCandidate(2);
        return Stream.of(
                kind(now, outbox -> outbox.sendNow(N2, now.message()), Outputs::sendNow),
                kind(later, outbox -> outbox.sendAfterPersist(N2, later.message()), Outputs::sendAfterPersist),
                kind(load, outbox -> outbox.load(load), Outputs::loads),
                kind(snapshotLoad, outbox -> outbox.loadSnapshot(snapshotLoad), Outputs::snapshotLoads),
                kind(snapshot, outbox -> outbox.restore(snapshot), OutboxTest::restored),
                kind(read, outbox -> outbox.read(read), Outputs::reads),
                kind(event, outbox -> outbox.event(event), Outputs::events));
    }

    private static List<?> restored(Outputs outputs) {
        return outputs.restore().stream().toList();
    }

    private static long effects(Outputs outputs) {
        return Stream.of(
                        outputs.sendNow(),
                        outputs.sendAfterPersist(),
                        outputs.loads(),
                        outputs.snapshotLoads(),
                        restored(outputs),
                        outputs.reads(),
                        outputs.events())
                .mapToLong(List::size)
                .sum();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    @DisplayName("waits to be handed out, is handed out in its place, and once")
    void onceEach(Object effect, Consumer<Outbox> put, Function<Outputs, List<?>> place) {
        Outbox outbox = new Outbox();
        assertTrue(outbox.isEmpty());
        put.accept(outbox);
        assertFalse(outbox.isEmpty());
        Outputs outputs = outbox.take(PERSIST, 5);
        assertEquals(List.of(effect), place.apply(outputs));
        assertEquals(1, effects(outputs));
        assertTrue(outbox.isEmpty());
        assertEquals(0, effects(outbox.take(PERSIST, 5)));
    }

    @Test
    @DisplayName("comes with what is to be written and what may be applied")
    void marks() {
        Outputs outputs = new Outbox().take(PERSIST, 5);
        assertEquals(PERSIST, outputs.persist());
        assertEquals(5, outputs.commitIndex());
    }
}
