/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.logstore.io.Disk;
import io.quorate.node.api.NodeApi;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.Transport;
import io.quorate.raft.Prng;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * One node without sockets or threads of its own: replicas, metadata and their state machines, wired over the seams. In
 * production {@code QuorateServer} hands it Netty's loop and gRPC; in the simulator everything is virtual.
 */
public final class NodeRuntime {
    /**
     * The outside world of a node.
     *
     * @param loop           runs everything below
     * @param disk           where data lives
     * @param dataDirectory  this node's own; locked while it runs
     * @param flushExecutor  runs flush rounds, one at a time
     * @param readExecutor   runs reads that are not in memory
     * @param backgroundExecutor zero-filling ahead and other housekeeping
     * @param transport      to the peers
     * @param prng           all randomness of this node
     * @param observer       watches the replicas; {@link ReplicaObserver#NONE} if nobody does
     * @param onFatal        told when the node must stop (bug, or the node's own disk failed); called at most once
     */
    public record Seams(
            EventLoop loop,
            Disk disk,
            Path dataDirectory,
            Executor flushExecutor,
            Executor readExecutor,
            Executor backgroundExecutor,
            Transport transport,
            Prng prng,
            ReplicaObserver observer,
            Consumer<Throwable> onFatal) {}

    public NodeRuntime(NodeSettings settings, Seams seams) {
        throw new UnsupportedOperationException();
    }

    /**
     * Locks and checks the data directory, recovers the metadata group and every local replica, and starts the
     * transport. Called once, before the event loop runs anything of this node, or on it.
     *
     * @throws io.quorate.logstore.StorageException if the directory is locked, of another cluster or node, or unreadable
     */
    public void start() {
        throw new UnsupportedOperationException();
    }

    public NodeApi api() {
        throw new UnsupportedOperationException();
    }

    /** Refuses new work, lets the current flush round finish, closes stores and lock, then runs {@code onStopped}. */
    public void stop(Runnable onStopped) {
        throw new UnsupportedOperationException();
    }
}
