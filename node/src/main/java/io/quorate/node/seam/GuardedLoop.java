/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

import io.quorate.logstore.StorageException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A node's view of its event loop: the first bug that surfaces in any of the node's tasks stops all of them, so that no
 * further step is taken from a state that nobody understands.
 *
 * <p>{@link #execute}, {@link #offload} and {@link #fail} may be called from any thread, everything else on the loop.
 */
public final class GuardedLoop implements EventLoop {
    private final EventLoop loop;
    private final Consumer<Throwable> onFatal;
    private boolean halted;

    /** @param onFatal called at most once, on the loop, with the failure that halted it */
    public GuardedLoop(EventLoop loop, Consumer<Throwable> onFatal) {
        this.loop = loop;
        this.onFatal = onFatal;
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(() -> run(task));
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        return loop.schedule(delayNanos, () -> run(task));
    }

    @Override
    public Clock clock() {
        return loop.clock();
    }

    @Override
    public boolean inEventLoop() {
        return loop.inEventLoop();
    }

    /** No task runs any more. */
    public boolean halted() {
        return halted;
    }

    /** Runs a task here and now, unless halted. */
    public void run(Runnable task) {
        if (halted) {
            return;
        }
        try {
            task.run();
        } catch (RuntimeException | Error bug) {
            halt(bug);
        }
    }

    /**
     * Like {@link #run}, for a caller that needs the answer.
     *
     * @throws IllegalStateException if halted
     */
    public <T> T call(Supplier<T> task) {
        if (halted) {
            throw new IllegalStateException("the node has stopped after a fatal error");
        }
        try {
            return task.get();
        } catch (RuntimeException | Error bug) {
            halt(bug);
            throw bug;
        }
    }

    /**
     * Runs blocking work elsewhere and comes back to the loop with its outcome.
     *
     * @param onFailed told of a disk fault; any other failure of the work is a bug and halts the loop
     */
    public <T> void offload(
            Executor executor, Supplier<T> work, Consumer<T> onDone, Consumer<StorageException> onFailed) {
        executor.execute(() -> {
            T result;
            try {
                result = work.get();
            } catch (StorageException fault) {
                execute(() -> onFailed.accept(fault));
                return;
            } catch (RuntimeException | Error bug) {
                fail(bug);
                return;
            }
            execute(() -> onDone.accept(result));
        });
    }

    /** Reports a bug that surfaced on another thread. */
    public void fail(Throwable bug) {
        loop.execute(() -> halt(bug));
    }

    private void halt(Throwable bug) {
        if (!halted) {
            halted = true;
            onFatal.accept(bug);
        }
    }
}
