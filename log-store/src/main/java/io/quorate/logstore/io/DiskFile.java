/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.io;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An open file. Reads may run beside a write of other bytes; writes, {@link #force} and {@link #truncate} come from one
 * thread at a time. Positions and sizes in bytes.
 */
public interface DiskFile extends AutoCloseable {
    /** Reads until {@code target} is full or the file ends; returns how many bytes were read, 0 at the end. */
    int read(ByteBuffer target, long position) throws IOException;

    /** Writes all remaining bytes of all sources, one after the other. */
    void write(ByteBuffer[] sources, int count, long position) throws IOException;

    /** Makes written bytes and the size durable (fdatasync). A failure is final: it must never be retried. */
    void force() throws IOException;

    long size() throws IOException;

    void truncate(long size) throws IOException;

    @Override
    void close() throws IOException;
}
