/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import io.quorate.cli.output.Terminal;
import java.util.function.Supplier;

/** One line on standard error that says how far something is, repainted in place. Silent unless that is a terminal. */
public final class Progress implements AutoCloseable {
    private static final long REPAINT_NANOS = 100_000_000L;
    private static final String CLEAR_LINE = "\r\033[K";

    private final Terminal terminal;
    private final Supplier<String> text;
    private final boolean visible;
    private long lastPaintNanos;
    private boolean painted;

    public Progress(Terminal terminal, Supplier<String> text) {
        this.terminal = terminal;
        this.text = text;
        this.visible = terminal.errIsTty();
        lastPaintNanos = System.nanoTime();
    }

    /** To be called often; paints at most ten times a second. */
    public void tick() {
        if (!visible) {
            return;
        }
        long now = System.nanoTime();
        if (now - lastPaintNanos >= REPAINT_NANOS) {
            lastPaintNanos = now;
            painted = true;
            terminal.err().print(CLEAR_LINE + text.get());
            terminal.err().flush();
        }
    }

    /** Wipes the line. */
    @Override
    public void close() {
        if (painted) {
            terminal.err().print(CLEAR_LINE);
            terminal.err().flush();
        }
    }
}
