/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/** Damage that is not a torn tail: nothing is cut, nothing is served, the replica must be repaired (promise P8). */
public sealed class CorruptLogException extends StorageException permits LostStateException {
    private static final long serialVersionUID = 1L;

    private final long position;
    private final long index;

    /**
     * @param position where the damage starts, in bytes
     * @param index    the log index expected there; 0 if unknown
     */
    public CorruptLogException(Path file, long position, long index, String found) {
        super(file, "CORRUPT at position " + position + ", index " + index + ": " + found, null);
        this.position = position;
        this.index = index;
    }

    public long position() {
        return position;
    }

    public long index() {
        return index;
    }
}
