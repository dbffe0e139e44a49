/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The few file operations the store needs. The names that {@link #create}, {@link #rename} and {@link #delete} change
 * are durable only after {@link #forceDirectory} of the parent. Thread-safe. Every method throws {@link IOException}
 * with the path in its message; {@link #create}, {@link #rename} and {@link DiskFile#write} throw
 * {@link NoSpaceException} if the file system is full.
 */
public interface Disk {
    /** Larger blocks are not worth their padding. */
    int MAX_DIRECT_BLOCK_BYTES = 64 << 10;

    /** Creates a file that must not exist, for reading and writing. */
    DiskFile create(Path path) throws IOException;

    /** Opens an existing file for reading and writing. */
    DiskFile open(Path path) throws IOException;

    /**
     * In which units files in {@code directory} can be written past the operating system's cache: a power of two from
     * 512 to {@value #MAX_DIRECT_BLOCK_BYTES}, or 0 if this file system has no such thing. Found out by trying.
     */
    int directBlockBytes(Path directory) throws IOException;

    /**
     * Opens an existing file to write past the operating system's cache, which costs a fraction of the processor time, or to read
     * what the disk has, whatever the cache does. Positions and sizes must be multiples of {@link #directBlockBytes}, and so must
     * be the address of the bytes, in a direct buffer; only the end of the file may cut a read short. What is written is seen
     * by readers of other handles.
     *
     * @throws IOException also if {@link #directBlockBytes} is 0
     */
    DiskFile openDirect(Path path) throws IOException;

    boolean exists(Path path) throws IOException;

    /** File names (not paths) in a directory, sorted; empty if the directory does not exist. */
    List<String> list(Path directory) throws IOException;

    /** Creates the directory and its missing parents, and makes their names durable. */
    void createDirectories(Path directory) throws IOException;

    /** Atomic; replaces the target. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file or an empty directory. */
    void delete(Path path) throws IOException;

    void forceDirectory(Path directory) throws IOException;

    /** Bytes that can still be written to the file system of {@code directory}. */
    long freeBytes(Path directory) throws IOException;

    /**
     * Takes an exclusive lock, held until closed or until the process dies.
     *
     * @throws java.nio.file.FileSystemException if someone else holds it
     */
    AutoCloseable lock(Path path) throws IOException;
}
