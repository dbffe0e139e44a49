/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes, and what is known of these places. Standard output is buffered: {@link #flush} when
 * somebody may be waiting for it. Thread-safe.
 */
public final class Terminal {
    private static final int OUT_BUFFER_BYTES = 64 << 10;

    private final InputStream in;
    private final OutputStream out;
    private final PrintStream err;
    private final boolean outIsTty;
    private final boolean errIsTty;
    private final boolean colour;

    public Terminal(
            InputStream in, OutputStream out, PrintStream err, boolean outIsTty, boolean errIsTty, boolean colour) {
        this.in = in;
        this.out = new BufferedOutputStream(out, OUT_BUFFER_BYTES);
        this.err = err;
        this.outIsTty = outIsTty;
        this.errIsTty = errIsTty;
        this.colour = colour;
    }

    /** The process's own streams. The launcher tells which of them are terminals: Java 17 cannot ask one by one. */
    public static Terminal ofProcess() {
        boolean outIsTty = Boolean.getBoolean("quorate.stdout.tty");
        String noColour = System.getenv("NO_COLOR");
        boolean colour = outIsTty && (noColour == null || noColour.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                outIsTty,
                Boolean.getBoolean("quorate.stderr.tty"),
                colour);
    }

    public InputStream in() {
        return in;
    }

    public boolean outIsTty() {
        return outIsTty;
    }

    public boolean errIsTty() {
        return errIsTty;
    }

    public boolean colour() {
        return colour;
    }

    /** A line on standard output, encoded as UTF-8. */
    public synchronized void println(String line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        write(bytes, 0, bytes.length);
    }

    /**
     * Bytes on standard output, unchanged.
     *
     * @throws ReaderGoneException if nobody reads any more
     */
    public synchronized void write(byte[] bytes, int offset, int length) {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw failedWrite(e);
        }
    }

    public synchronized void write(int oneByte) {
        try {
            out.write(oneByte);
        } catch (IOException e) {
            throw failedWrite(e);
        }
    }

    public synchronized void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw failedWrite(e);
        }
    }

    /** A line on standard error, at once. */
    public void error(String line) {
        err.println(line);
    }

    public PrintStream err() {
        return err;
    }

    /** Whoever read standard output has gone away, as {@code head} does: not an error, and not worth a word. */
    public static final class ReaderGoneException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReaderGoneException(IOException cause) {
            super(cause);
        }
    }

    private static RuntimeException failedWrite(IOException e) {
        // EPIPE has no exception type of its own; its text is the C library's, which the JDK does not localise.
        String message = e.getMessage();
        return message != null && message.contains("Broken pipe")
                ? new ReaderGoneException(e)
                : new UncheckedIOException(e);
    }
}
