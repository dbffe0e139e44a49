/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;

/**
 * The memory outside of the heap in which the sockets of one event loop receive and send.
 *
 * <p>It comes in chunks of {@link #CHUNK_BYTES}, and a chunk of which nothing is in use any more goes back to the operating
 * system. In gRPC's own chunks of 2 MiB that is after nearly every batch of 1 MiB: for each of them memory was mapped, filled
 * with zeros and unmapped again. How much is in use at once is bounded by flow control. For any thread, though all but one
 * are slow.
 */
public final class SocketMemory {
    /** Twice what is on the way to one peer, so that under load there is hardly ever nothing in it. */
    static final int CHUNK_BYTES = 16 << 20;

    /** A loop is one thread. Nothing of the heap is pooled. */
    private static final int DIRECT_ARENAS = 1;

    private static final int HEAP_ARENAS = 0;

    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(
            true,
            HEAP_ARENAS,
            DIRECT_ARENAS,
            PooledByteBufAllocator.defaultPageSize(),
            Integer.numberOfTrailingZeros(CHUNK_BYTES / PooledByteBufAllocator.defaultPageSize()),
            PooledByteBufAllocator.defaultSmallCacheSize(),
            PooledByteBufAllocator.defaultNormalCacheSize(),
            false);

    /** Bytes that were taken from the operating system and not given back, in use or not. */
    public long heldBytes() {
        return allocator.metric().usedDirectMemory();
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    /** Makes all connections of the server to be built use this. */
    NettyServerBuilder giveTo(NettyServerBuilder server) {
        return server.withChildOption(ChannelOption.ALLOCATOR, allocator);
    }

    /** Makes the channel to be built use this. */
    NettyChannelBuilder giveTo(NettyChannelBuilder channel) {
        return channel.withOption(ChannelOption.ALLOCATOR, allocator);
    }
}
