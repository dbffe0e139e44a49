/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.Future;
import io.quorate.node.rpc.NetworkThread;
import io.quorate.node.rpc.SocketMemory;
import io.quorate.node.seam.Clock;
import io.quorate.node.seam.EventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The node's one event loop, which is also Netty's: sockets, Raft and services take turns on one thread, so that a
 * request goes from its socket through Raft to the peers' sockets without a thread switch.
 *
 * <p>A turn is: all I/O events that are ready, then all tasks, those added meanwhile included. A task handed in from an
 * I/O callback therefore runs after every event that was ready with it, which is what batching relies on.
 *
 * <p>Netty only logs what a task throws. Here it is told to {@code onUncaught} instead: a bug must not be survived
 * silently.
 */
public final class NettyEventLoop implements EventLoop, NetworkThread {
    private static final Clock SYSTEM_CLOCK = new Clock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis();
        }
    };

    private final MultiThreadIoEventLoopGroup group;
    private final io.grpc.netty.shaded.io.netty.channel.EventLoop netty;
    private final boolean epoll;
    private final Consumer<Throwable> onUncaught;
    private final SocketMemory memory = new SocketMemory();

    /**
     * Starts no thread yet: Netty does with the first task.
     *
     * @param threadName of the loop's thread
     * @param onUncaught told, on the loop, what a task threw
     */
    public NettyEventLoop(String threadName, Consumer<Throwable> onUncaught) {
        this.onUncaught = onUncaught;
        this.epoll = Epoll.isAvailable();
        IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        this.group = new MultiThreadIoEventLoopGroup(1, ServerThreads.forLoop(threadName), handlers);
        this.netty = group.next();
    }

    @Override
    public void execute(Runnable task) {
        netty.execute(() -> run(task));
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        Future<?> scheduled = netty.schedule(() -> run(task), delayNanos, TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public Clock clock() {
        return SYSTEM_CLOCK;
    }

    @Override
    public boolean inEventLoop() {
        return netty.inEventLoop();
    }

    @Override
    public EventLoopGroup group() {
        return group;
    }

    @Override
    public Class<? extends ServerChannel> serverChannelType() {
        return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    @Override
    public Class<? extends Channel> channelType() {
        return epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    @Override
    public SocketMemory memory() {
        return memory;
    }

    /** Lets the tasks that are queued run and ends the thread; waits for that unless called on the loop itself. */
    public void close(Duration patience) {
        Future<?> ended = group.shutdownGracefully(0, patience.toMillis(), TimeUnit.MILLISECONDS);
        if (!inEventLoop()) {
            ended.awaitUninterruptibly(patience.toMillis());
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable bug) {
            onUncaught.accept(bug);
        }
    }
}
