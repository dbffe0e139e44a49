/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import io.quorate.logstore.StorageException;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.raft.log.NodeId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's memory of the cluster and how much of it is on the disk. Changes are written beside the loop, one write at a
 * time, each with everything that was changed meanwhile. Event loop only.
 */
public final class DurableMemory {
    private static final Logger LOG = LoggerFactory.getLogger(DurableMemory.class);

    private final GuardedLoop loop;
    private final Executor executor;
    private final NodeMemoryFile file;
    /** By whom it concerns: of what is owed to a node only the latest counts, however often it asks meanwhile. */
    private final Map<NodeId, Runnable> waiting = new LinkedHashMap<>();

    private NodeMemory latest;
    private NodeMemory durable;
    private boolean writing;

    /** @param recovered what is on the disk */
    public DurableMemory(GuardedLoop loop, Executor executor, NodeMemoryFile file, NodeMemory recovered) {
        this.loop = loop;
        this.executor = executor;
        this.file = file;
        this.latest = recovered;
        this.durable = recovered;
    }

    /** Including what is not yet on the disk. */
    NodeMemory latest() {
        return latest;
    }

    /** On the disk. */
    public NodeMemory durable() {
        return durable;
    }

    void change(NodeMemory next) {
        latest = next;
        write();
    }

    /**
     * Runs once everything that is remembered now is on the disk; at once if it is.
     *
     * @param concerned takes the place of what waits already to run for this node
     */
    void whenDurable(NodeId concerned, Runnable then) {
        if (durable.equals(latest)) {
            then.run();
        } else {
            waiting.put(concerned, then);
            write();
        }
    }

    /** Tries again what has failed, for want of room for example. */
    public void retry() {
        write();
    }

    /** This node belongs to the cluster from now on; {@code then} runs when its disk knows. */
    public void admit(NodeId self, int as, List<NodeId> founders, Runnable then) {
        change(latest.admitted(as, founders));
        whenDurable(self, then);
    }

    /** As {@link #change}, where a peer can be reached. */
    public void noteAddress(NodeId node, String peerAddress) {
        NodeMemory.Known known = latest.node(node).orElse(new NodeMemory.Known(0, 0, ""));
        if (!known.peerAddress().equals(peerAddress) && latest.hasRoomFor(node)) {
            change(latest.with(node, new NodeMemory.Known(known.admission(), known.incarnation(), peerAddress)));
        }
    }

    private void write() {
        if (writing || durable.equals(latest)) {
            return;
        }
        writing = true;
        NodeMemory next = latest;
        loop.offload(
                executor,
                () -> {
                    file.write(next);
                    return next;
                },
                this::onWritten,
                this::onFailed);
    }

    private void onWritten(NodeMemory written) {
        writing = false;
        durable = written;
        if (durable.equals(latest)) {
            List<Runnable> due = List.copyOf(waiting.values());
            waiting.clear();
            due.forEach(Runnable::run);
        } else {
            write();
        }
    }

    /** The old file is untouched; until the next one is there, nobody is trusted who is not in it. */
    private void onFailed(StorageException fault) {
        writing = false;
        LOG.warn("what was learnt of other nodes could not be written and is tried again: {}", fault.getMessage());
    }
}
