/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.io;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An open file. Reads may run on any thread, beside a write of other bytes; {@link #write}, {@link #force} and
 * {@link #truncate} of one handle come from one thread at a time. A second handle of the same file may write and force
 * beside the first: the operating system reports a failed write-back to each handle once, so nobody swallows the error
 * that somebody else waits for. Positions and sizes in bytes.
 */
public interface DiskFile extends AutoCloseable {
    /** Reads until {@code target} is full or the file ends; returns how many bytes were read, 0 at the end. */
    int read(ByteBuffer target, long position) throws IOException;

    /** Writes all remaining bytes of {@code source}; bytes between the old end and {@code position} become zeros. */
    void write(ByteBuffer source, long position) throws IOException;

    /** Makes written bytes and the size durable (fdatasync). A failure is final: it must never be retried. */
    void force() throws IOException;

    long size() throws IOException;

    /** Cuts the file to {@code size}; does nothing if it is not longer. Durable after {@link #force}. */
    void truncate(long size) throws IOException;

    @Override
    void close() throws IOException;
}
