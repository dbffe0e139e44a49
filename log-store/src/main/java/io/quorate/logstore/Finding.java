/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/**
 * Something that an inspection noticed.
 *
 * @param position where in the file, in bytes
 * @param index    the log index there, 0 if unknown or none
 * @param what     what is wrong, for people
 */
public record Finding(Severity severity, Path file, long position, long index, String what) {
    /** How bad it is. */
    public enum Severity {
        /** What a crash can leave, or what a start sets right by itself; nothing that was acknowledged is gone. */
        NOTE,
        /** What no crash leaves: bytes were changed or lost after they had been durable, or files were moved. */
        DAMAGE
    }
}
