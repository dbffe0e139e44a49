/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.NoSpaceException;
import io.quorate.node.NodeRuntime;
import io.quorate.node.NodeSettings;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.NodeApi;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A machine with a disk that stays and a process that comes and goes: each start is a new loop, new executors and a new
 * {@link NodeRuntime} over what the disk kept.
 */
final class SimulatedNode {
    private static final ScrubSettings SCRUB = new ScrubSettings(1 << 20, 1_000);
    private static final int CLOCK_ORIGIN_MILLIS_MAX = 1_000_000;
    private static final int FLUSH_REPORT_LATE_ONE_IN = 40;
    private static final int READ_REPORT_LATE_ONE_IN = 4;
    private static final long START_AGAIN_NANOS = 200_000_000L;
    private static final int WALL_CLOCK_ERROR_MILLIS_MAX = 3_600_000;

    private final NodeId id;
    private final SimulationOptions options;
    private final World world;
    private NodeSettings settings;
    private final Prng prng;
    private final NodeClock clock;
    private final MachineDisk disk;

    private int starts;
    private boolean inService = true;
    private boolean up;
    private boolean paused;
    private int pauses;
    private boolean diskHangs;
    private long resumedNanos;
    private boolean started;
    /** The disk was lost, and the node has not taken part since. */
    private boolean withoutMemory;

    private boolean stopping;
    private VirtualLoop loop;
    private VirtualExecutor flushExecutor;
    private VirtualExecutor readExecutor;
    private VirtualExecutor backgroundExecutor;
    private NodeRuntime runtime;

    /** What all nodes of a run share. */
    record World(
            VirtualTime time,
            TraceHash trace,
            SimulatedNetwork network,
            ClusterChecker checker,
            Verdict verdict,
            Sightings sightings,
            RareStateWatch watch,
            Timeline timeline,
            Moments moments) {}

    /** Who wants to know of moments at which little must go wrong. */
    interface Moments {
        /** It is about to cut a log. */
        void onTruncation(int node);

        /** It has been elected. */
        void onElection(int node);

        /** It is about to hand over to another one. */
        void onTransfer(int node, int target);

        /** Its machine has no power any more. */
        void onPowerLost(int node);
    }

    /** @param founders that it is told of */
    SimulatedNode(NodeId id, List<NodeId> founders, SimulationOptions options, World world, Prng prng) {
        this.id = id;
        this.settings = settings(id, founders, options, false);
        this.options = options;
        this.world = world;
        this.prng = prng;
        this.clock = new NodeClock(
                world.time(),
                prng.nextInt(CLOCK_ORIGIN_MILLIS_MAX) * 1_000_000L,
                prng.nextInt(WALL_CLOCK_ERROR_MILLIS_MAX),
                options.clockDrift() ? 800 + prng.nextInt(401) : 1000);
        this.disk = new MachineDisk(
                settings.clusterId(), id.value(), settings.logStore(), prng.split(), () -> world.moments()
                        .onPowerLost(id.value()));
    }

    private static NodeSettings settings(NodeId id, List<NodeId> nodes, SimulationOptions options, boolean joins) {
        SortedMap<NodeId, String> addresses = new TreeMap<>();
        nodes.forEach(node -> addresses.put(node, peerAddress(node)));
        return new NodeSettings(
                "simulated",
                id,
                addresses,
                "client-" + id + ":7400",
                options.tickMillis(),
                options.raft(),
                options.logStore(),
                options.diskLimits(),
                options.housekeepingMillis(),
                SimulationOptions.MAX_BATCH_BYTES,
                options.maxInflightBytes(),
                2L * options.raft().tailBytes(),
                NodeSettings.DEFAULT_MAX_EVENT_BYTES,
                SCRUB,
                joins);
    }

    static String peerAddress(NodeId node) {
        return "peer-" + node + ":7500";
    }

    NodeId id() {
        return id;
    }

    MachineDisk disk() {
        return disk;
    }

    /** How often it was started: names the process that runs now. */
    int starts() {
        return starts;
    }

    boolean isUp() {
        return up;
    }

    boolean isPaused() {
        return paused;
    }

    /** How often it has been paused so far: whoever has paused it lets it go on only if nobody else has done so since. */
    int pauses() {
        return pauses;
    }

    /** Whether its machine belongs to the cluster, or is to. */
    boolean isInService() {
        return inService;
    }

    /**
     * The machine is to join the cluster.
     *
     * @param others nodes that it is told of, itself among them
     */
    void putInService(List<NodeId> others) {
        settings = settings(id, others, options, true);
        inService = true;
    }

    /** The machine goes, and with it what is on its disk: should it come back, it is a new one. */
    void takeOutOfService() {
        if (up) {
            crash();
        }
        inService = false;
        withoutMemory = false;
        if (starts > 0) {
            world.checker().onDiskLost(id);
            world.checker().onReadmissionAsked(id);
            disk.replace();
        }
    }

    /** A machine that is not in service does not start. */
    void start() {
        if (!inService) {
            return;
        }
        starts++;
        up = true;
        started = false;
        stopping = false;
        world.trace().fold("start " + id);
        note("starts");
        world.checker().onNodeStarted(id);
        String label = id.toString();
        loop = new VirtualLoop(
                world.time(), clock, prng.split(), options.loopTurnNanosMax(), label + "-loop", this::onThrown);
        flushExecutor = executor("-flush", this::flushLatencyNanos, FLUSH_REPORT_LATE_ONE_IN);
        readExecutor = executor(
                "-read", () -> 1_000L * prng.nextInt(options.disk().readMicros() + 1), READ_REPORT_LATE_ONE_IN);
        backgroundExecutor = executor("-background", () -> 1_000L * prng.nextInt(5_000), READ_REPORT_LATE_ONE_IN);
        loop.execute(this::startRuntime);
    }

    private void startRuntime() {
        runtime = new NodeRuntime(
                settings,
                new NodeRuntime.Seams(
                        loop,
                        disk.mounted(),
                        MachineDisk.DATA_DIRECTORY,
                        flushExecutor,
                        readExecutor,
                        backgroundExecutor,
                        world.network().transport(id, loop),
                        prng.split(),
                        new NodeObserver(id, world, disk, this::onOpened, this::onThrown),
                        this::onFatal));
        try {
            runtime.start();
        } catch (StorageException refused) {
            if (disk.isForeign()) {
                world.sightings().met(RareState.FOREIGN_DISK_REFUSED);
                endRefusedStart(() -> {});
            } else if (refused.getCause() instanceof NoSpaceException) {
                // No room even for its name, on a disk that was empty: whoever runs it tries again.
                endRefusedStart(() -> world.time().schedule(START_AGAIN_NANOS, id + "-again", () -> {
                    if (!up) {
                        start();
                    }
                }));
            } else {
                throw refused;
            }
            return;
        }
        if (disk.isForeign()) {
            throw new Violation(Invariant.VOTES_ONLY_WITH_ITS_MEMORY, id + " starts on the disk of another node");
        }
        started = true;
    }

    private void onOpened() {
        if (withoutMemory) {
            withoutMemory = false;
            note("takes part again");
            world.sightings().met(RareState.NODE_READMITTED);
        }
    }

    /** A process that says why it cannot start, and ends. */
    private void endRefusedStart(Runnable then) {
        int thisStart = starts;
        world.time().schedule(0, id + "-refused", () -> {
            if (up && starts == thisStart) {
                crash();
                then.run();
            }
        });
    }

    /** While it is down: it has another, empty disk from now on. */
    void loseDisk() {
        note("has lost its disk");
        world.checker().onDiskLost(id);
        disk.replace();
        withoutMemory = true;
    }

    /** Whether it has been part of the cluster, and does not know it any more. */
    boolean isWithoutMemory() {
        return withoutMemory;
    }

    /** Whether its disk has anything that others may rely on. */
    boolean hasMemory() {
        return disk.groups().contains(0L);
    }

    /** The process is gone, and with it everything that its disk did not have to keep. */
    void crash() {
        up = false;
        paused = false;
        diskHangs = false;
        world.trace().fold("crash " + id);
        note("is down");
        world.sightings().met(RareState.NODE_CRASHED);
        world.watch().onCrash(id);
        if (!started) {
            world.sightings().met(RareState.NODE_CRASHED_WHILE_RECOVERING);
        }
        loop.kill();
        flushExecutor.kill();
        readExecutor.kill();
        backgroundExecutor.kill();
        runtime = null;
        world.network().died(id.value());
        disk.endProcess();
    }

    /** Whether it runs or not. */
    void setClock(long byMillis) {
        clock.set(byMillis);
    }

    void setClockRate(int permille) {
        clock.setRate(permille);
    }

    /** As SIGTERM does: the node ends what it has begun, and then its process may go. */
    void stop(Runnable onStopped) {
        int thisStart = starts;
        loop.execute(() -> {
            if (started && !stopping) {
                stopping = true;
                NodeRuntime leaving = runtime;
                leaving.leave(() -> leaving.stop(() -> world.time().schedule(0, id + "-stopped", () -> {
                    if (up && starts == thisStart) {
                        onStopped.run();
                    }
                })));
            }
        });
    }

    /** As SIGSTOP does: nothing runs, everything that arrives waits. */
    void pause() {
        paused = true;
        pauses++;
        world.watch().onPause(id);
        world.sightings().met(RareState.NODE_PAUSED);
        loop.pause();
        flushExecutor.pause();
        readExecutor.pause();
        backgroundExecutor.pause();
    }

    void resume() {
        paused = false;
        world.watch().onResume(id);
        resumedNanos = world.time().nowNanos();
        loop.resume();
        flushExecutor.resume();
        readExecutor.resume();
        backgroundExecutor.resume();
    }

    /** Its disk neither writes nor flushes any more; everything else goes on. */
    void hangDisk() {
        diskHangs = true;
        flushExecutor.pause();
    }

    void unhangDisk() {
        diskHangs = false;
        flushExecutor.resume();
    }

    boolean diskHangs() {
        return diskHangs;
    }

    /** A leader that cannot make anything durable must make room. */
    void requireThatStalledDiskLeadsNothing() {
        if (!diskHangs || paused) {
            return;
        }
        long runningMillis = (world.time().nowNanos() - resumedNanos) / 1_000_000;
        long stalledMillis = Math.min(runningMillis, flushExecutor.overdueNanos() / 1_000_000);
        if (stalledMillis < options.stallJudgedMillis()) {
            return;
        }
        api().ifPresent(api -> api.view().localGroups().stream()
                .filter(group -> group.role() == ClusterView.ReplicaRole.LEADER
                        && group.voters().size() > 1)
                .findFirst()
                .ifPresent(led -> {
                    throw new Violation(
                            Invariant.STALLED_DISK_LEADS_NOTHING,
                            id + " has led group " + led.groupId() + " with a disk that has not answered for "
                                    + stalledMillis + " ms");
                }));
    }

    /** Runs a request on the node's loop; it is lost if the node is not up by then. */
    void onLoop(Consumer<NodeApi> request) {
        if (up) {
            loop.execute(() -> {
                if (started) {
                    request.accept(runtime.api());
                }
            });
        }
    }

    /** For looking from outside, between events; empty while it does not run. */
    Optional<NodeApi> api() {
        return up && started && !stopping ? Optional.of(runtime.api()) : Optional.empty();
    }

    /** Whether it leads anything now. */
    boolean leadsSomething() {
        return api().isPresent()
                && api().get().view().localGroups().stream()
                        .anyMatch(group -> group.role() == ClusterView.ReplicaRole.LEADER);
    }

    private void note(String text) {
        world.timeline().note(world.time().nowNanos(), id.value(), text);
    }

    private VirtualExecutor executor(String suffix, LongSupplier latencyNanos, int lateOneIn) {
        return new VirtualExecutor(
                world.time(), loop, latencyNanos, () -> reportNanos(lateOneIn), id + suffix, this::onThrown);
    }

    private long reportNanos(int lateOneIn) {
        int mostMillis = options.disk().reportMillisMax();
        boolean late = mostMillis > 0 && !world.network().isReliable() && prng.nextInt(lateOneIn) == 0;
        return late ? 1_000_000L * prng.nextInt(mostMillis + 1) : 0;
    }

    private long flushLatencyNanos() {
        int micros = options.disk().flushMicros() + prng.nextInt(options.disk().flushJitterMicros() + 1);
        if (prng.nextInt(1000) < options.disk().slowPermille()) {
            micros += 1_000 * prng.nextInt(options.disk().slowMillisMax() + 1);
        }
        long drawn = 1_000L * micros;
        return world.network().isReliable() ? Math.min(drawn, options.calmNanos()) : drawn;
    }

    private void onThrown(Throwable thrown) {
        if (thrown instanceof Violation violation) {
            world.verdict().found(violation);
        } else if (!disk.hasLostPower() && !disk.failsForces()) {
            world.verdict().found(new Violation(Invariant.NODE_STAYS_UP, id + " let through " + thrown, thrown));
        }
    }

    private void onFatal(Throwable cause) {
        onThrown(cause);
    }
}
