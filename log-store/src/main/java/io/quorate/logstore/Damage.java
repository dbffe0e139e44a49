/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/**
 * Entries of a log that were there once and cannot be read any more.
 *
 * @param file       where they were
 * @param position   where in the file the damage begins, in bytes
 * @param firstIndex the first damaged entry
 * @param lastIndex  the last one, or {@link #OPEN_END} if nothing tells how far the log went
 * @param found      what is wrong, in words
 */
public record Damage(Path file, long position, long firstIndex, long lastIndex, String found) {
    public static final long OPEN_END = Long.MAX_VALUE;

    public boolean isOpenEnded() {
        return lastIndex == OPEN_END;
    }

    /** For who cannot go on without the damaged entries. */
    public CorruptLogException asException() {
        return new CorruptLogException(file, position, firstIndex, found);
    }
}
