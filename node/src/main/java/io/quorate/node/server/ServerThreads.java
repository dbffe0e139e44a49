/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.grpc.netty.shaded.io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/**
 * Makes all threads of a server: the event loop's, those of the workers that the node hands blocking work to, that of the
 * metrics, and the one that takes a failed server down. Nothing else of a node makes threads: in a simulation none of
 * this is there.
 */
final class ServerThreads {
    private ServerThreads() {}

    /** For the event loop: Netty's thread-local caches are slower on any other kind of thread. */
    static ThreadFactory forLoop(String name) {
        return task -> new FastThreadLocalThread(task, name);
    }

    /** @param onUncaught told what a task threw, on a thread that ends */
    static ThreadFactory forWork(String name, Consumer<Throwable> onUncaught) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setUncaughtExceptionHandler((ended, bug) -> onUncaught.accept(bug));
            return thread;
        };
    }

    /** Of threads that keep no process from ending. */
    static ThreadFactory forService(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Runs a task on a thread that is there for nothing else. */
    static void run(String name, Runnable task) {
        new Thread(task, name).start();
    }
}
