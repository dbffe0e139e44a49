/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Splits bytes into lines at {@code \n} and touches nothing else: a {@code \r}, a zero byte or bytes that are no text
 * stay as they are. What follows the last {@code \n} is a line unless it is empty.
 */
final class LineReader {
    private static final int CHUNK_BYTES = 64 << 10;

    private final InputStream in;
    private final int maxLineBytes;
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private int next;
    private int end;
    private long lines;
    private boolean unterminated;

    /** @param maxLineBytes a longer line is refused before it fills the memory */
    LineReader(InputStream in, int maxLineBytes) {
        this.in = in;
        this.maxLineBytes = maxLineBytes;
    }

    /** A line is longer than allowed. */
    static final class LineTooLongException extends IOException {
        private static final long serialVersionUID = 1L;

        LineTooLongException(long line, int maxLineBytes) {
            super("line " + line + " is longer than " + maxLineBytes + " bytes");
        }
    }

    /** Whether the line that was returned last ended with the input instead of a {@code \n}. */
    boolean lastWasUnterminated() {
        return unterminated;
    }

    /** The next line without its {@code \n}; null at the end. */
    byte[] readLine() throws IOException {
        byte[] line = new byte[0];
        boolean begun = false;
        while (true) {
            if (next == end) {
                end = in.read(chunk);
                next = 0;
                if (end <= 0) {
                    end = 0;
                    unterminated = begun;
                    return begun ? line : null;
                }
            }
            int newline = next;
            while (newline < end && chunk[newline] != '\n') {
                newline++;
            }
            int length = newline - next;
            if (length > maxLineBytes - line.length) {
                throw new LineTooLongException(lines + 1, maxLineBytes);
            }
            if (length > 0) {
                int written = line.length;
                line = Arrays.copyOf(line, written + length);
                System.arraycopy(chunk, next, line, written, length);
                begun = true;
            }
            next = newline;
            if (newline < end) {
                next++;
                lines++;
                return line;
            }
        }
    }
}
