/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.Snapshot;
import io.quorate.logstore.StorageException;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.Payload;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a snapshot of a replica's state where a segment ends: exactly there, so that whoever gets this snapshot and then the
 * segments behind it has every record that is kept. Encodes and saves them beside the loop, one after the other.
 *
 * <p>One that does not get to the disk, since too many wait already, is no loss: the segment before it is deleted together
 * with the next one. Event loop only.
 */
final class SnapshotTaker {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotTaker.class);

    /** How many states of one replica are held in memory at most until they are saved. */
    private static final int MAX_WAITING = 2;

    private record Taken(EntryId last, long nextOffset, StateMachine.Frozen state, Payload membership) {
        Snapshot encode() {
            return new Snapshot(last, nextOffset, state.encode(), membership);
        }
    }

    private final ReplicaHost host;
    private final GroupName name;
    private final LogAccess access;
    private final Consumer<EntryId> onSaved;
    private final Consumer<StorageException> onFailed;
    private final ArrayDeque<Taken> waiting = new ArrayDeque<>();
    /** The first one that waits, once it is encoded. */
    private Optional<Snapshot> encoded = Optional.empty();

    private boolean busy;
    private long newest;
    private long saved;

    /**
     * @param onSaved  told of each snapshot that has become durable
     * @param onFailed told of a disk fault, but not of a full disk
     */
    SnapshotTaker(
            ReplicaHost host,
            GroupName name,
            LogAccess access,
            Consumer<EntryId> onSaved,
            Consumer<StorageException> onFailed) {
        this.host = host;
        this.name = name;
        this.access = access;
        this.onSaved = onSaved;
        this.onFailed = onFailed;
    }

    /** Whether a snapshot of this entry would be news, and there is room for it. */
    boolean wants(EntryId last) {
        return last.index() > newest && waiting.size() < MAX_WAITING && access.isOpen();
    }

    /**
     * Only if it {@link #wants} it.
     *
     * @param state what everything up to {@code last} comes to
     */
    void take(EntryId last, long nextOffset, StateMachine.Frozen state, Payload membership) {
        newest = last.index();
        waiting.add(new Taken(last, nextOffset, state, membership));
        saveNext();
    }

    /** The last index in the newest snapshot that is durable and known to Raft; 0 if there is none. */
    long newestSaved() {
        return saved;
    }

    /**
     * The replica begins, or begins again, with what is on the disk; of what was to get there nothing counts any more.
     *
     * @param index the last one in the newest snapshot on the disk; 0 if there is none
     */
    void restarted(long index) {
        discard();
        newest = index;
        saved = index;
    }

    /** What has not got to the disk so far does not get there any more. */
    void discard() {
        waiting.clear();
        encoded = Optional.empty();
    }

    /** Goes on if something waits: for room on the disk, mostly. */
    void saveNext() {
        if (busy || waiting.isEmpty() || !access.isOpen()) {
            return;
        }
        busy = true;
        encoded.ifPresentOrElse(this::save, () -> encode(waiting.peek()));
    }

    private void encode(Taken taken) {
        host.loop()
                .offload(
                        host.backgroundExecutor(),
                        taken::encode,
                        snapshot -> {
                            busy = false;
                            if (waiting.peek() == taken) {
                                encoded = Optional.of(snapshot);
                                host.observer().onSnapshot(name.groupId(), snapshot.last(), snapshot.state());
                            }
                            saveNext();
                        },
                        onFailed);
    }

    private void save(Snapshot next) {
        access.offload(
                host.backgroundExecutor(),
                store -> {
                    store.saveSnapshot(next);
                    return next.last();
                },
                last -> {
                    busy = false;
                    if (encoded.isPresent() && encoded.get() == next) {
                        waiting.poll();
                        encoded = Optional.empty();
                    }
                    saved = last.index();
                    LOG.debug("{}: snapshot of {} on {}", name, last, host.self());
                    onSaved.accept(last);
                    saveNext();
                },
                fault -> {
                    busy = false;
                    if (!(fault instanceof DiskFullException)) {
                        onFailed.accept(fault);
                    }
                });
    }
}
