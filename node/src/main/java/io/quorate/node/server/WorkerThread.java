/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One thread that does blocking work, in the order in which it was handed in. It is never interrupted while it works: an
 * interrupt would close the file it works on.
 *
 * <p>Its queue has no bound of its own. What the node hands in is bounded: one flush round, and one read per open reader
 * and follower.
 */
final class WorkerThread implements Executor {
    private final ThreadPoolExecutor executor;

    /** @param onUncaught told what a task threw, on a thread that ends */
    WorkerThread(String name, Consumer<Throwable> onUncaught) {
        this.executor = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), ServerThreads.forWork(name, onUncaught));
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    /** Takes no further task; waits until the queued ones are done, and tells whether they were in time. */
    boolean close(Duration patience) throws InterruptedException {
        executor.shutdown();
        return executor.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
    }
}
