/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import io.quorate.logstore.sim.SimulatedDisk;
import io.quorate.node.NodeRuntime;
import io.quorate.node.NodeSettings;
import io.quorate.node.api.NodeApi;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.node.seam.Clock;
import io.quorate.node.seam.EventLoop;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** A machine whose disk stays while its process comes and goes. */
final class VirtualNode {
    private static final long FLUSH_NANOS = 300_000;
    private static final long READ_NANOS = 100_000;

    /** One run of the process; what it had planned dies with it. */
    private static final class Process implements EventLoop {
        final VirtualTime time;
        /** Flushes that the disk does not begin, because it hangs. */
        final List<Runnable> hanging = new ArrayList<>();

        /** Work in the background that waits to be let go. */
        final List<Runnable> held = new ArrayList<>();

        boolean alive = true;
        boolean diskHangs;
        int backgroundTasks;
        int heldFrom = Integer.MAX_VALUE;

        Process(VirtualTime time) {
            this.time = time;
        }

        private Runnable whileAlive(Runnable task) {
            return () -> {
                if (alive) {
                    task.run();
                }
            };
        }

        Executor executor(long delayNanos) {
            return task -> time.plan(delayNanos, whileAlive(task));
        }

        void flush(Runnable task) {
            if (diskHangs) {
                hanging.add(task);
            } else {
                executor(FLUSH_NANOS).execute(() -> begin(task));
            }
        }

        /** A flush that was on its way when the disk began to hang hangs as well. */
        private void begin(Runnable task) {
            if (diskHangs) {
                hanging.add(task);
            } else {
                task.run();
            }
        }

        void background(Runnable task) {
            if (backgroundTasks++ >= heldFrom) {
                held.add(task);
            } else {
                executor(READ_NANOS).execute(task);
            }
        }

        @Override
        public void execute(Runnable task) {
            time.plan(0, whileAlive(task));
        }

        @Override
        public Timer schedule(long delayNanos, Runnable task) {
            return time.plan(delayNanos, whileAlive(task))::run;
        }

        @Override
        public Clock clock() {
            return time;
        }

        @Override
        public boolean inEventLoop() {
            return true;
        }
    }

    private final NodeSettings settings;
    private final VirtualTime time;
    private final VirtualNetwork network;
    private final Prng prng;
    private SimulatedDisk disk;
    private Process process;
    private NodeRuntime runtime;
    private Throwable fatal;

    VirtualNode(NodeSettings settings, VirtualTime time, VirtualNetwork network, long seed) {
        this.settings = settings;
        this.time = time;
        this.network = network;
        this.prng = new Prng(seed);
        this.disk = new SimulatedDisk(seed);
    }

    NodeId id() {
        return settings.nodeId();
    }

    SimulatedDisk disk() {
        return disk;
    }

    boolean isUp() {
        return process != null;
    }

    NodeApi api() {
        return runtime.api();
    }

    NodeRuntime runtime() {
        return runtime;
    }

    /** What stopped the node, or null. */
    Throwable fatal() {
        return fatal;
    }

    void start() {
        process = new Process(time);
        runtime = new NodeRuntime(
                settings,
                new NodeRuntime.Seams(
                        process,
                        disk,
                        Path.of("/data"),
                        process::flush,
                        process.executor(READ_NANOS),
                        process::background,
                        network.transport(id(), process),
                        prng.split(),
                        ReplicaObserver.NONE,
                        cause -> fatal = cause));
        runtime.start();
    }

    /** The power fails: unforced bytes are lost, and the process with them. */
    void crash() {
        disk.crash();
        end();
    }

    /** The process is killed; the machine and what was written stay. */
    void kill() {
        end();
    }

    /** Somebody put an empty disk in. While it does not run. */
    void loseDisk() {
        disk = new SimulatedDisk(prng.nextLong());
    }

    /** Somebody has removed the log of one group. While it does not run. */
    void loseGroup(long groupId) {
        Path directory = Path.of("/data/groups/" + groupId);
        try {
            for (String file : disk.list(directory)) {
                disk.delete(directory.resolve(file));
            }
            disk.delete(directory);
            disk.forceDirectory(directory.getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As its operator would; {@code onStopped} runs when it has let go of everything. */
    void stop(Runnable onStopped) {
        NodeRuntime stopped = runtime;
        process.execute(() -> stopped.leave(() -> stopped.stop(onStopped)));
    }

    /** Writes and flushes take for ever; everything else goes on. */
    void hangDisk() {
        process.diskHangs = true;
    }

    void unhangDisk() {
        process.diskHangs = false;
        List<Runnable> late = List.copyOf(process.hanging);
        process.hanging.clear();
        late.forEach(process::flush);
    }

    /** How much work in the background there was since it was started. */
    int backgroundTasks() {
        return process.backgroundTasks;
    }

    /** Work in the background waits, from the one with this number on, counted from 0 at the start. */
    void holdBackground(int fromTask) {
        process.heldFrom = fromTask;
    }

    boolean holdsBackground() {
        return !process.held.isEmpty();
    }

    void releaseBackground() {
        process.heldFrom = Integer.MAX_VALUE;
        List<Runnable> waiting = List.copyOf(process.held);
        process.held.clear();
        waiting.forEach(process.executor(READ_NANOS)::execute);
    }

    private void end() {
        process.alive = false;
        process = null;
        runtime = null;
        network.died(id());
        disk = disk.reopen();
    }
}
