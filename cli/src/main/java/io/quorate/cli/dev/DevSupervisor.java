/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import io.quorate.cli.local.ProcessRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Owns the processes of a dev cluster: starts them, notices when one ends, starts one again when another command asks
 * for it by a file, stops them all. Its state file is what other commands know of it. Thread-safe: the JVM's shutdown
 * stops what the main thread watches.
 */
final class DevSupervisor {
    private static final long WATCH_MILLIS = 50;
    private static final long GRACE_MILLIS = 2_000;

    private final DevDirectory directory;
    private final DevPlan plan;
    private final Map<Integer, NodeProcess> nodes;
    private final Consumer<String> notices;
    private final Map<Integer, Process> running = new TreeMap<>();
    private DevState state;
    private boolean stopping;

    /** @param notices told, in words for the user, what happens to nodes */
    DevSupervisor(DevDirectory directory, DevPlan plan, List<NodeProcess> nodes, Consumer<String> notices) {
        this.directory = directory;
        this.plan = plan;
        this.nodes = new TreeMap<>();
        nodes.forEach(node -> this.nodes.put(node.id(), node));
        this.notices = notices;
        List<DevState.Node> stopped = plan.members().stream()
                .map(member ->
                        new DevState.Node(member.id(), member.clientAddress(), member.peerAddress(), ProcessRef.NONE))
                .toList();
        state = new DevState(plan.clusterId(), ProcessRef.of(ProcessHandle.current()), stopped);
    }

    synchronized void startAll() {
        for (NodeProcess node : nodes.values()) {
            discardRequest(node.id());
            start(node);
        }
        state.write(directory.root());
    }

    synchronized boolean isStopping() {
        return stopping;
    }

    List<String> clientAddresses() {
        return plan.members().stream().map(DevPlan.Member::clientAddress).toList();
    }

    List<Integer> clientPorts() {
        return plan.members().stream().map(DevPlan.Member::clientPort).toList();
    }

    synchronized long pid(int node) {
        return running.get(node).pid();
    }

    /** @throws CliException if any node has ended, with the last that it printed */
    synchronized void checkAllAlive() {
        if (stopping) {
            return;
        }
        running.forEach((id, process) -> {
            if (!process.isAlive()) {
                throw new CliException(
                        ExitCode.FAILED,
                        "NODE_FAILED",
                        "node " + id + " ended with exit code " + process.exitValue() + ": "
                                + String.join(" · ", nodes.get(id).lastLines(3)),
                        "its log is " + nodes.get(id).log(),
                        null);
            }
        });
    }

    /** Watches until {@link #stopAll} was called. */
    void watch() throws InterruptedException {
        Map<Integer, Process> known = new TreeMap<>();
        synchronized (this) {
            known.putAll(running);
        }
        while (watchOnce(known)) {
            Thread.sleep(WATCH_MILLIS);
        }
    }

    /** @param known the processes that are known to run; updated */
    private synchronized boolean watchOnce(Map<Integer, Process> known) {
        if (stopping) {
            return false;
        }
        for (NodeProcess node : nodes.values()) {
            int id = node.id();
            Process process = running.get(id);
            if (known.get(id) == process && !process.isAlive()) {
                known.remove(id);
                notices.accept("node " + id + " is dead (exit code " + process.exitValue() + "); quorate dev restart "
                        + id + " brings it back");
            }
            if (Files.exists(directory.restartRequest(id))) {
                stop(List.of(process));
                start(node);
                state.write(directory.root());
                discardRequest(id);
                known.put(id, running.get(id));
                notices.accept(
                        "node " + id + " started again (pid " + running.get(id).pid() + ")");
            }
        }
        return true;
    }

    /** Stops every node, by force those that take longer than 2 s, and forgets the state file. */
    synchronized void stopAll() {
        stopping = true;
        stop(running.values());
        DevState.delete(directory.root());
    }

    private void start(NodeProcess node) {
        Process process = node.start();
        running.put(node.id(), process);
        DevState.Node described = state.node(node.id()).orElseThrow();
        state = state.with(described.with(ProcessRef.of(process.toHandle())));
    }

    private static void stop(Iterable<Process> processes) {
        List<Process> alive = new ArrayList<>();
        for (Process process : processes) {
            if (process.isAlive()) {
                alive.add(process);
                process.destroy();
            }
        }
        try {
            // A process that is stopped in its tracks takes no notice of SIGTERM until it goes on.
            Signals.resume(alive.stream()
                    .map(process -> ProcessRef.of(process.toHandle()))
                    .filter(ProcessRef::isPaused)
                    .map(ProcessRef::pid)
                    .toList());
        } catch (CliException e) {
            // It has ended meanwhile, or is killed below.
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS);
        for (Process process : alive) {
            try {
                if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    process.destroyForcibly().waitFor(GRACE_MILLIS, TimeUnit.MILLISECONDS);
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }

    private void discardRequest(int node) {
        try {
            Files.deleteIfExists(directory.restartRequest(node));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
