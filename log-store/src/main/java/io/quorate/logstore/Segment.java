/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/**
 * One file of the log: a header block, frames, and zeros written ahead. The last segment is <em>active</em>, all others
 * are <em>sealed</em>: they were forced before their successor got its name, and never change.
 *
 * <p>The {@link #extent} is moved by the writing thread after its bytes are in the file, and read by any.
 */
final class Segment {
    static final String SUFFIX = ".log";
    private static final int DIGITS = 20;

    private final Path path;
    private final SegmentHeader header;
    private final long seed;
    private volatile Extent extent;

    Segment(Path directory, SegmentHeader header, StoreIdentity identity, Extent extent) {
        this.path = directory.resolve(fileName(header.baseIndex()));
        this.header = header;
        this.seed = identity.seed(header.baseIndex());
        this.extent = extent;
    }

    static String fileName(long baseIndex) {
        return stem(baseIndex) + SUFFIX;
    }

    static String stem(long baseIndex) {
        String digits = Long.toString(baseIndex);
        return "0".repeat(DIGITS - digits.length()) + digits;
    }

    /** The base index in a segment's or sidecar's file name, -1 if {@code name} is not one. */
    static long baseIndexOf(String name, String suffix) {
        if (name.length() != DIGITS + suffix.length() || !name.endsWith(suffix)) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < DIGITS; i++) {
            int digit = name.charAt(i) - '0';
            if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    Path path() {
        return path;
    }

    SegmentHeader header() {
        return header;
    }

    long seed() {
        return seed;
    }

    long baseIndex() {
        return header.baseIndex();
    }

    Extent extent() {
        return extent;
    }

    /** {@code baseIndex() - 1} if there is no entry. */
    long lastIndex() {
        return extent.last().index();
    }

    boolean isEmpty() {
        return lastIndex() < baseIndex();
    }

    void moveTo(Extent newExtent) {
        extent = newExtent;
    }
}
