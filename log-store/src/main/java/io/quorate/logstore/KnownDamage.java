/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.io.IOException;
import java.util.Optional;

/**
 * What of a store's log is known to be damaged, and how reads find out. It outlives the log that is opened again. For any thread.
 */
final class KnownDamage {
    private volatile Optional<Damage> first = Optional.empty();

    /** What is before is gone, or about to go. */
    private long begin;

    /** What is damaged; where it is in several places, the first one that is known. */
    Optional<Damage> first() {
        return first;
    }

    /** The whole log was looked at. */
    synchronized void is(Optional<Damage> found) {
        first = found;
        begin = 0;
    }

    /** There is this in {@code log}, too, unless it is not part of it any more: others trim and cut while one reads. */
    synchronized void note(SegmentedLog log, Damage found) {
        boolean isGone = found.lastIndex() < begin || !log.holds(found);
        if (!isGone && (first.isEmpty() || found.firstIndex() < first.get().firstIndex())) {
            first = Optional.of(found);
        }
    }

    /** What is from there on is not part of the log any more. */
    synchronized void forgetFrom(long index) {
        first = first.filter(found -> found.firstIndex() < index);
    }

    /** What is before {@code index} is about to be trimmed, and is damaged no more; returns false if anything is already. */
    synchronized boolean letGoBefore(long index) {
        if (first.isPresent()) {
            return false;
        }
        begin = index;
        return true;
    }

    /** Throws if there is any. */
    void checkNone() {
        first.ifPresent(found -> {
            throw found.asException();
        });
    }

    /** @throws IllegalStateException if there is none */
    Damage orThrow() {
        return first.orElseThrow(() -> new IllegalStateException("there is no damage"));
    }

    interface Look<T> {
        T at(EntryReader reader) throws IOException;
    }

    /** @throws CorruptLogException if what is looked at is damaged, which is noted then */
    <T> T look(SegmentedLog log, EntryReader reader, String what, Look<T> look) {
        try {
            return look.at(reader);
        } catch (CorruptLogException suspicion) {
            return lookAgain(log, reader, what, look, suspicion);
        } catch (IOException e) {
            throw new StorageException(log.activePath(), "cannot " + what, e);
        }
    }

    /** A read may have been disturbed, or led astray by a sidecar; only what is wrong in the segment itself is damage. */
    private <T> T lookAgain(
            SegmentedLog log, EntryReader reader, String what, Look<T> look, CorruptLogException suspicion) {
        try {
            Optional<Damage> found = log.examine(suspicion.file());
            found.ifPresent(damage -> note(log, damage));
            if (found.isEmpty()) {
                return look.at(reader);
            }
        } catch (CorruptLogException again) {
            suspicion.addSuppressed(again);
        } catch (IOException e) {
            throw new StorageException(log.activePath(), "cannot " + what, e);
        }
        throw suspicion;
    }
}
