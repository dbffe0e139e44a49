/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.replica.MemberId;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.GroupOracle;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A whole cluster and its clients in one thread, on virtual time, from one seed: real Raft, real log store, real node
 * runtime, real codec; only clock, network, disks and executors are simulated. First a time of faults in which nothing
 * wrong may be seen (safety), then a time without in which everything must come to rest (liveness).
 */
public final class Simulation {
    /** The metadata group is there from the beginning, on all nodes. */
    private static final long METADATA_GROUP = 0;

    private static final long ROT_SALT = 0x526F74L;
    private static final long LOSS_SALT = 0x4C6F7373L;
    private static final long CLOCK_SALT = 0x436C6F636BL;
    private static final long CHURN_SALT = 0x436875726EL;
    private static final int CHURN_IN_ONE_RUN_OF = 4;
    private static final long STALL_SALT = 0x5374616C6CL;
    private static final long LINGER_SALT = 0x4C696E676572L;
    private static final int LINGERERS_IN_ONE_RUN_OF = 3;
    private static final long MACHINE_ROOM_SALT = 0x526F6F6DL;
    private static final int DISK_CHECK_ONE_IN = 64;
    private static final int EVENTS_BETWEEN_LOOKS = 256;
    private static final int LOSS_AT_REST_ONE_IN = 4;
    /** Far above what any run takes. */
    private static final long EVENTS_MAX = 5_000_000;

    private final Scenario scenario;
    private final Timeline timeline;
    private final SimulationOptions options;
    private final TraceHash trace = new TraceHash();
    private final VirtualTime time = new VirtualTime(trace);
    private final Verdict verdict = new Verdict();
    private final Sightings sightings = new Sightings();
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final ClusterChecker checker;
    private final SimulatedNetwork network;
    private final RareStateWatch watch;
    private final FaultActor actor;
    private final FaultInjector faults;
    private final Workload workload;
    private final Convergence convergence;
    private long events;

    private Simulation(Scenario scenario, Timeline timeline) {
        this.scenario = scenario;
        this.timeline = timeline;
        Prng prng = new Prng(scenario.seed());
        options = SimulationOptions.draw(prng.split(), scenario.reductions());
        Prng sampling = prng.split();
        NodeDisks disks = new NodeDisks(nodes);
        checker = new ClusterChecker(disks, () -> sampling.nextInt(DISK_CHECK_ONE_IN) == 0);
        network = new SimulatedNetwork(
                time,
                prng.split(),
                trace,
                new Tap(),
                sightings,
                options.network(),
                FaultActor.NODES_MAX,
                options.calmNanos());
        watch = new RareStateWatch(checker, sightings, (node, groupId) -> nodes.get(
                        MemberId.node(node).value() - 1)
                .disk()
                .newestSegment(groupId));
        SimulatedNode.World world = new SimulatedNode.World(
                time, trace, network, checker, verdict, sightings, watch, timeline, new Moments());
        List<NodeId> founders = founders(options.nodes());
        for (NodeId id : founders) {
            nodes.add(new SimulatedNode(id, founders, options, world, prng.split()));
        }
        checker.onGroup(METADATA_GROUP, founders);
        Prng ofChurn = new Prng(scenario.seed() ^ CHURN_SALT);
        boolean churns = ofChurn.nextInt(CHURN_IN_ONE_RUN_OF) == 0
                && options.nodes() < FaultActor.NODES_MAX
                && !scenario.reductions().contains(Reduction.NO_NODE_CHURN);
        if (churns) {
            SimulatedNode spare =
                    new SimulatedNode(new NodeId(options.nodes() + 1), founders, options, world, ofChurn.split());
            spare.takeOutOfService();
            nodes.add(spare);
        }
        Clients clients =
                new Clients(time, nodes, checker, verdict, sightings, options.workload(), options.retentionMillis());
        workload = new Workload(options, clients, prng.split());
        if (churns) {
            workload.churnNodes(new NodeChurn(nodes, nodes.get(options.nodes()), clients, ofChurn.split()));
        }
        Prng ofLingerers = new Prng(scenario.seed() ^ LINGER_SALT);
        if (ofLingerers.nextInt(LINGERERS_IN_ONE_RUN_OF) == 0
                && !scenario.reductions().contains(Reduction.NO_PLAIN_WRITERS)) {
            workload.letWritersLinger(ofLingerers);
        }
        MachineRoom room = new MachineRoom(
                time, nodes, checker, clients, sightings, timeline, new Prng(scenario.seed() ^ MACHINE_ROOM_SALT));
        actor = new FaultActor(time, network, nodes, sightings, timeline, room);
        faults = new FaultInjector(
                time,
                options,
                nodes.size(),
                actor,
                this::leaders,
                prng.split(),
                new Prng(scenario.seed() ^ ROT_SALT),
                new Prng(scenario.seed() ^ LOSS_SALT),
                new Prng(scenario.seed() ^ CLOCK_SALT),
                new Prng(scenario.seed() ^ STALL_SALT));
        convergence = new Convergence(time, nodes, workload, checker, disks, this::runUntil);
    }

    /**
     * Runs the whole life of the cluster that this seed makes.
     *
     * @throws SimulationFailure at the first event that breaks an invariant
     */
    public static SimulationReport run(long seed) {
        return run(Scenario.ofSeed(seed), new Timeline(false));
    }

    /**
     * Runs a scenario.
     *
     * @param timeline told what happens
     * @throws SimulationFailure at the first event that breaks an invariant
     */
    static SimulationReport run(Scenario scenario, Timeline timeline) {
        Simulation simulation = new Simulation(scenario, timeline);
        try {
            return simulation.run();
        } catch (Violation violation) {
            Violation first = simulation.verdict.violation().orElse(violation);
            timeline.note(simulation.time.nowNanos(), 0, "VIOLATION " + first.getMessage());
            throw new SimulationFailure(
                    scenario, simulation.time.nowNanos(), simulation.options, simulation.faults.injected(), first);
        }
    }

    private SimulationReport run() {
        nodes.forEach(SimulatedNode::start);
        workload.start();
        faults.start(scenario.faults());
        runUntil(scenario.faultyMillis().orElse(options.faultyMillis()) * 1_000_000L);
        workload.finish();
        faults.stop();
        actor.mendEverything();
        long convergenceNanos = convergence.await();
        loseOneAtRest();
        if (options.blackout()) {
            nodes.stream().filter(SimulatedNode::isUp).forEach(SimulatedNode::crash);
            nodes.forEach(SimulatedNode::start);
            convergence.await();
        }
        return new SimulationReport(
                scenario.seed(),
                trace.value(),
                events,
                time.nowMillis(),
                network.messagesSent(),
                checker.oracles().stream().mapToLong(GroupOracle::lastIndex).sum(),
                checker.history().acknowledged(),
                convergenceNanos / 1_000_000,
                sightings);
    }

    private void loseOneAtRest() {
        Prng ofLoss = new Prng(~scenario.seed());
        if (ofLoss.nextInt(LOSS_AT_REST_ONE_IN) == 0) {
            long restTicks =
                    options.raft().quiesceAfterTicks() + 4L * options.raft().electionTimeoutTicks();
            new LossAtRest(
                            time,
                            nodes,
                            checker,
                            sightings,
                            this::runUntil,
                            restTicks * options.tickMillis() * 1_000_000L)
                    .lose(ofLoss);
            convergence.await();
        }
    }

    private void runUntil(long timeNanos) {
        while (time.hasEventUntil(timeNanos)) {
            time.runNext();
            events++;
            actor.afterEvent();
            if (events % EVENTS_BETWEEN_LOOKS == 0) {
                nodes.forEach(SimulatedNode::requireThatStalledDiskLeadsNothing);
                requireProgress();
            }
            verdict.violation().ifPresent(violation -> {
                throw violation;
            });
        }
        time.advanceTo(timeNanos);
    }

    private List<Integer> leaders() {
        return nodes.stream()
                .filter(SimulatedNode::leadsSomething)
                .map(node -> node.id().value())
                .toList();
    }

    private final class Moments implements SimulatedNode.Moments {
        @Override
        public void onTruncation(int node) {
            faults.onTruncation(node);
        }

        @Override
        public void onElection(int node) {
            faults.onElection(node);
        }

        @Override
        public void onTransfer(int node, int target) {
            faults.onTransfer(node, target);
        }

        @Override
        public void onPowerLost(int node) {
            actor.onPowerLost();
        }
    }

    private void requireProgress() {
        if (events > EVENTS_MAX) {
            throw new Violation(
                    Invariant.CONVERGENCE,
                    events + " events in " + time.nowMillis() + " ms: something goes in circles");
        }
    }

    private final class Tap implements SimulatedNetwork.Tap {
        @Override
        public void onSend(NodeId from, NodeId to, PeerMessage message) {
            if (message instanceof PeerMessage.ForGroup forGroup) {
                NodeId sender = MemberId.of(from, forGroup.fromStay());
                NodeId receiver = MemberId.of(to, forGroup.toStay());
                verdict.judge(() -> checker.onSend(sender, receiver, forGroup.groupId(), forGroup.message()));
                watch.onSend(sender, receiver, forGroup.groupId(), forGroup.message());
                if (forGroup.message() instanceof InstallSnapshot piece
                        && piece.position() + piece.chunk().size()
                                < piece.snapshot().totalBytes()) {
                    faults.onSnapshotPiece(from.value());
                }
            }
        }

        @Override
        public void onArrival(NodeId from, NodeId to, PeerMessage message) {
            if (message instanceof PeerMessage.ForGroup forGroup) {
                watch.onArrival(
                        MemberId.of(from, forGroup.fromStay()),
                        MemberId.of(to, forGroup.toStay()),
                        forGroup.groupId(),
                        forGroup.message());
            }
        }
    }

    private static List<NodeId> founders(int nodes) {
        return IntStream.rangeClosed(1, nodes).mapToObj(NodeId::new).toList();
    }
}
