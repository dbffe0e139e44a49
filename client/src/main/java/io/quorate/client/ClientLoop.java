/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.quorate.client.QuorateException.Outcome;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The one thread on which a client does everything that is not a caller's own work: sockets, calls, timers, callbacks.
 * State that is "loop only" needs no lock because of it. A daemon thread.
 */
final class ClientLoop implements Executor {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final Class<? extends Channel> channelType;
    /** What callers wait for: nobody else would wake them if the loop ended. */
    private final Set<CompletableFuture<?>> awaited = ConcurrentHashMap.newKeySet();

    private volatile boolean ended;

    ClientLoop() {
        boolean epoll = Epoll.isAvailable();
        ThreadFactory threads = task -> {
            Thread thread = new Thread(task, "quorate-client-" + NUMBER.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        group = new MultiThreadIoEventLoopGroup(
                1, threads, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        loop = group.next();
        channelType = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    MultiThreadIoEventLoopGroup group() {
        return group;
    }

    Class<? extends Channel> channelType() {
        return channelType;
    }

    /** Monotonic. */
    long nanoTime() {
        return System.nanoTime();
    }

    boolean isCurrent() {
        return loop.inEventLoop();
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
    }

    /** Runs the task here: now if this is the loop's thread. */
    void run(Runnable task) {
        if (isCurrent()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    /** Computes something here; what the task throws becomes the future's, so that nobody waits for it in vain. */
    <T> CompletableFuture<T> call(Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        execute(() -> {
            try {
                result.complete(task.get());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    /** The future is there to be cancelled. */
    Future<?> schedule(long delayNanos, Runnable task) {
        return loop.schedule(task, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
    }

    /**
     * Waits for what the loop computes.
     *
     * @throws IllegalStateException on the loop's own thread, where it would wait for ever
     * @throws QuorateException      if the loop ends first, or why there is no value
     */
    <T> T await(CompletableFuture<T> future) {
        checkNotCurrent();
        awaited.add(future);
        try {
            if (ended) {
                abandon(future);
            }
            return Futures.join(future);
        } finally {
            awaited.remove(future);
        }
    }

    private static void abandon(CompletableFuture<?> future) {
        future.completeExceptionally(new QuorateException(
                "UNAVAILABLE", "the client was closed before there was an answer", false, Outcome.UNKNOWN, null));
    }

    void checkNotCurrent() {
        if (isCurrent()) {
            throw new IllegalStateException(
                    "a blocking call from a callback would wait for itself: use another thread for it");
        }
    }

    /** Returns when the thread has ended, or after a second; whoever still waits for something learns that it is in vain. */
    void shutdown() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        if (!isCurrent()) {
            group.terminationFuture().awaitUninterruptibly(1, TimeUnit.SECONDS);
        }
        ended = true;
        awaited.forEach(ClientLoop::abandon);
    }
}
