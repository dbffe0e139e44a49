/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

import java.util.concurrent.Executor;

/**
 * The one thread on which all of a node's replicas, services and callbacks run. {@link #execute} may be called from any
 * thread; tasks run in the order they were handed in, after the I/O events that are already waiting.
 */
public interface EventLoop extends Executor {
    interface Timer {
        void cancel();
    }

    /** Runs the task once, on the loop, {@code delayNanos} from now or later. */
    Timer schedule(long delayNanos, Runnable task);

    Clock clock();

    boolean inEventLoop();
}
