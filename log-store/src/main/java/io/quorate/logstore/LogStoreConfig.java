/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * @param segmentBytes    size at which a segment is sealed and the next one begun
 * @param zeroAheadBytes  how far ahead of the write position blocks are zero-filled, so that a flush does not pay for
 *                        file system metadata; 0 appends to a growing file
 * @param indexIntervalBytes bytes of log per entry of the sparse index
 * @param directIo        write past the operating system's cache where the file system can, see {@link WriteBuffer#of}
 */
public record LogStoreConfig(int segmentBytes, int zeroAheadBytes, int indexIntervalBytes, boolean directIo) {
    public static final LogStoreConfig DEFAULT = new LogStoreConfig(128 << 20, 16 << 20, 16 << 10);

    public LogStoreConfig {
        if (segmentBytes < 4096 || zeroAheadBytes < 0 || indexIntervalBytes < 1) {
            throw new IllegalArgumentException("segments of " + segmentBytes + " bytes, " + zeroAheadBytes
                    + " zeroed ahead, index every " + indexIntervalBytes);
        }
    }

    /** With direct I/O where the file system can. */
    public LogStoreConfig(int segmentBytes, int zeroAheadBytes, int indexIntervalBytes) {
        this(segmentBytes, zeroAheadBytes, indexIntervalBytes, true);
    }
}
