/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;

/** The Netty side of the node's event loop: what gRPC servers and channels need to run on it. */
public interface NetworkThread {
    /** A group of exactly one loop. */
    EventLoopGroup group();

    Class<? extends ServerChannel> serverChannelType();

    Class<? extends Channel> channelType();

    /** What all of its sockets receive into and send from. */
    SocketMemory memory();
}
