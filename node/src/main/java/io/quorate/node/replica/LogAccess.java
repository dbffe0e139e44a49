/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.StorageException;
import io.quorate.node.seam.GuardedLoop;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Everything that is done with a replica's log beside the thread that writes it: reads, snapshots, deletions. While the
 * whole log is replaced nobody may look at it, so this counts who does.
 *
 * <pre>
 *   OPEN ──close──► what is under way ends ──► QUIET, the log can be replaced ──reopen──► OPEN
 * </pre>
 *
 * Event loop only.
 */
final class LogAccess {
    private final GuardedLoop loop;
    private final LogStore store;
    private final Runnable onQuiet;
    private boolean open = true;
    private int underWay;

    /** @param onQuiet runs whenever the last work that was under way at a {@link #close} has ended */
    LogAccess(GuardedLoop loop, LogStore store, Runnable onQuiet) {
        this.loop = loop;
        this.store = store;
        this.onQuiet = onQuiet;
    }

    /** Whether work may begin. */
    boolean isOpen() {
        return open;
    }

    /** Whether it is closed and nothing is under way. */
    boolean isQuiet() {
        return !open && underWay == 0;
    }

    void close() {
        open = false;
    }

    void reopen() {
        open = true;
    }

    /**
     * Runs work on the log elsewhere and comes back to the loop with its outcome, as {@link GuardedLoop#offload} does.
     *
     * @throws IllegalStateException if it is closed
     */
    <T> void offload(
            Executor executor, Function<LogStore, T> work, Consumer<T> onDone, Consumer<StorageException> onFailed) {
        if (!open) {
            throw new IllegalStateException("the log is being replaced: nobody may look at it");
        }
        underWay++;
        loop.offload(
                executor,
                () -> work.apply(store),
                result -> {
                    underWay--;
                    onDone.accept(result);
                    noticeQuiet();
                },
                fault -> {
                    underWay--;
                    onFailed.accept(fault);
                    noticeQuiet();
                });
    }

    private void noticeQuiet() {
        if (isQuiet()) {
            onQuiet.run();
        }
    }
}
