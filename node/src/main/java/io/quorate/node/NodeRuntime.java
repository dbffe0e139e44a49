/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.logstore.DataDirectory;
import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.Disk;
import io.quorate.node.api.ClusterView.SpaceLevel;
import io.quorate.node.api.NodeApi;
import io.quorate.node.events.BothObservers;
import io.quorate.node.events.FlightRecorder;
import io.quorate.node.metadata.ClusterWhereabouts;
import io.quorate.node.metadata.Gossip;
import io.quorate.node.metadata.Leaders;
import io.quorate.node.metadata.MetadataService;
import io.quorate.node.metadata.Peers;
import io.quorate.node.metadata.TopicState;
import io.quorate.node.replica.DiskSpace;
import io.quorate.node.replica.DiskWatch;
import io.quorate.node.replica.GroupDirectories;
import io.quorate.node.replica.GroupLog;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.InflightBudget;
import io.quorate.node.replica.LeaderBalancer;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.RepairQueue;
import io.quorate.node.replica.ReplicaHost;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.node.replica.ScrubPace;
import io.quorate.node.replica.Scrubber;
import io.quorate.node.replica.SnapshotBudget;
import io.quorate.node.replica.TailBudget;
import io.quorate.node.replica.TickedReplicas;
import io.quorate.node.replica.TurnScheduler;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.node.standing.Admission;
import io.quorate.node.standing.DurableMemory;
import io.quorate.node.standing.NodeMemory;
import io.quorate.node.standing.NodeMemoryFile;
import io.quorate.node.standing.PeerGuard;
import io.quorate.raft.Membership;
import io.quorate.raft.Prng;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node without sockets or threads of its own: replicas, metadata and their state machines, wired over the seams. In
 * production {@code QuorateServer} hands it Netty's loop and gRPC; in the simulator everything is virtual.
 *
 * <p>Long because the parts of a node meet in this one file: it makes them, tells one what another says, and does none of
 * their work.
 */
public final class NodeRuntime {
    private static final Logger LOG = LoggerFactory.getLogger(NodeRuntime.class);

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Between two tries to make the registry's log on a full disk. */
    private static final long ROOM_RETRY_MILLIS = 1_000;

    /** How often the members of groups that are to change are looked at. */
    private static final long MOVES_EVERY_MILLIS = 200;

    /**
     * The outside world of a node.
     *
     * @param loop           runs everything below
     * @param disk           where data lives
     * @param dataDirectory  this node's own; locked while it runs
     * @param flushExecutor  runs flush rounds, one at a time
     * @param readExecutor   runs reads that are not in memory
     * @param backgroundExecutor opens and removes logs, zero-fills ahead, and does other housekeeping
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

    private final NodeSettings settings;
    private final Seams seams;
    private final GuardedLoop loop;
    private final List<NodeId> configured;
    private final SortedMap<Integer, EventLoop.Timer> timers = new TreeMap<>();

    private DataDirectory dataDirectory;
    private DurableMemory memory;
    private PeerGuard guard;
    private Admission admission;
    private FrontDoor door;
    private boolean takesPart;
    private boolean expelled;
    private Peers peers;
    private Contacts contacts;
    private Leaders leaders;
    private Gossip gossip;
    private DiskWatch disk;
    private MetadataService metadata;
    private LocalReplicas replicas;
    private AllReplicas all;
    private LeaderBalancer balancer;
    private Scrubber scrubber;
    private TickedReplicas ticked;
    private PeerLiveness liveness;
    private Optional<NodeTicks> ticks = Optional.empty();
    private RegistryFollower follower;
    private LocalNode local;
    private NodeJournal journal;
    private long droppedMessages;
    private boolean stopping;

    public NodeRuntime(NodeSettings settings, Seams seams) {
        this.settings = settings;
        this.seams = seams;
        this.loop = new GuardedLoop(seams.loop(), seams.onFatal());
        this.configured = List.copyOf(settings.peerAddresses().keySet());
        if (!configured.contains(settings.nodeId())) {
            throw new IllegalArgumentException(
                    "node " + settings.nodeId().value() + " is not among the nodes of the cluster: " + configured);
        }
    }

    /**
     * Locks and checks the data directory, recovers the metadata group and starts the transport; replicas of partitions
     * are opened as the registry is applied. Called once, before the event loop runs anything of this node, or on it.
     *
     * @throws StorageException if the directory is locked, of another cluster or node, or unreadable
     */
    public void start() {
        dataDirectory = DataDirectory.open(
                seams.disk(),
                seams.dataDirectory(),
                settings.clusterId(),
                settings.nodeId().value(),
                seams.prng().nextLong());
        try {
            NodeMemoryFile file = new NodeMemoryFile(seams.disk(), seams.dataDirectory());
            NodeMemory found = file.read().orElseGet(() -> withoutMemory(file));
            memory = new DurableMemory(loop, seams.backgroundExecutor(), file, found);
            peers = new Peers(loop.clock(), settings.nodeId());
            peers.onStatus(
                    settings.nodeId(),
                    settings.clientAddress(),
                    dataDirectory.incarnation(),
                    settings.peerAddresses().get(settings.nodeId()));
            contacts = new Contacts(
                    settings,
                    memory,
                    peers,
                    seams.transport(),
                    () -> metadata != null ? metadata.registry().nodes() : Collections.emptySortedMap(),
                    dataDirectory.incarnation());
            guard = new PeerGuard(
                    settings.nodeId(),
                    memory,
                    settings.joins() ? List.of() : configured,
                    contacts::registration,
                    seams.transport()::send);
            admission = new Admission(settings.nodeId(), settings.joins(), configured, dataDirectory.incarnation());
            door = new FrontDoor(new OutsideNode(settings, peers, admission::waitsFor, admission::isBarred));
            if (found.admission().isPresent()) {
                takePartOnceThereIsRoom(() -> {});
            } else {
                LOG.info("{}", admission.waitsFor());
            }
            scheduleGossip();
            seams.transport().start(new Receiver());
            contacts.reachKnown();
        } catch (RuntimeException e) {
            stopping = true;
            timers.values().forEach(EventLoop.Timer::cancel);
            ticks.ifPresent(NodeTicks::stop);
            unlock();
            throw e;
        }
    }

    /** Of a new directory, or of one that was made before there was such a file. */
    private NodeMemory withoutMemory(NodeMemoryFile file) {
        boolean older = GroupDirectories.exists(seams.disk(), dataDirectory, GroupName.METADATA.groupId());
        Admission alone = new Admission(settings.nodeId(), settings.joins(), configured, dataDirectory.incarnation());
        if (!older && alone.atOnce().isEmpty()) {
            return NodeMemory.EMPTY;
        }
        NodeMemory memory = new NodeMemory(OptionalInt.of(0), configured, new TreeMap<>());
        file.write(memory);
        return memory;
    }

    /** This node's storage belongs to the cluster, which its disk knows now. */
    private void takePart() {
        GroupDirectories directories = new GroupDirectories(
                seams.disk(),
                dataDirectory,
                settings.clusterId(),
                settings.nodeId(),
                settings.logStore(),
                seams.backgroundExecutor());
        GroupLog registry = directories.openGroup(GroupName.METADATA.groupId());
        takesPart = true;
        wire(directories, registry);
        journal.started(settings, dataDirectory.incarnation(), metadata, replicas);
        ticks.orElseThrow().start();
        scheduleHousekeeping();
        scheduleMoves();
        scrubber.start();
        door.open(local);
        LOG.info(
                "node {} of cluster {} runs on {}, metadata log ends at {}",
                settings.nodeId().value(),
                settings.clusterId(),
                seams.dataDirectory(),
                metadata.view().lastIndex());
    }

    private void wire(GroupDirectories directories, GroupLog registry) {
        NodeId self = settings.nodeId();
        journal = new NodeJournal(
                loop,
                FlightRecorder.open(
                        loop,
                        seams.disk(),
                        seams.dataDirectory(),
                        settings.maxEventBytes(),
                        seams.backgroundExecutor(),
                        seams.readExecutor()),
                group -> NodeJournal.nameOf(group, this::registeredTopics));
        ReplicaObserver observer = new BothObservers(seams.observer(), journal.observer());
        leaders = new Leaders();
        gossip = new Gossip(
                loop,
                seams.transport(),
                contacts::others,
                contacts.myself(),
                () -> disk.space().isFull(),
                () -> disk.isStalled());
        ClusterWhereabouts whereabouts = new ClusterWhereabouts(
                self,
                peers,
                leaders,
                gossip,
                node -> ClusterDescription.clientAddress(settings, metadata, peers, node));
        TurnScheduler turns = new TurnScheduler(loop, seams.flushExecutor());
        ticked = turns.ticked();
        liveness = new PeerLiveness(
                contacts.others(), settings.raft().electionTimeoutTicks(), gossip::tellAlive, ticked::silent);
        DiskSpace space = new DiskSpace(
                self, loop, seams.backgroundExecutor(), seams.disk(), seams.dataDirectory(), settings.disk(), observer);
        disk = turns.watchDisk(self, settings.disk(), settings.tickMillis(), space, observer);
        space.start(this::onSpaceLevel);
        ReplicaHost host = new ReplicaHost(
                self,
                loop,
                settings.raft(),
                turns,
                disk,
                seams.transport(),
                seams.readExecutor(),
                seams.backgroundExecutor(),
                whereabouts,
                new InflightBudget(settings.maxInflightBytes()),
                new TailBudget(settings.maxTailBytes()),
                new SnapshotBudget(),
                new RepairQueue(),
                new ScrubPace(loop.clock(), settings.scrub()),
                observer);
        replicas = new LocalReplicas(
                host, directories, seams.backgroundExecutor(), seams.prng().split());
        follower = new RegistryFollower(settings, () -> metadata, replicas, leaders, gossip, journal, contacts, guard);
        metadata = new MetadataService(
                host,
                peers,
                node -> peers.isUp(node) ? guard.asking(node) : Optional.empty(),
                seams.prng().split(),
                settings.maxBatchBytes(),
                registry,
                recovered -> new RaftCore(
                        settings.raft(),
                        MemberId.of(self, memory.durable().admission().getAsInt()),
                        recovered.membershipHistory(
                                new Membership(memory.durable().founders())),
                        recovered.store().recovered(),
                        seams.prng().split()),
                follower);
        all = new AllReplicas(metadata, replicas);
        balancer = new LeaderBalancer(host, all::members);
        ticks = Optional.of(new NodeTicks(loop, settings, disk, ticked, balancer, liveness, gossip::tellAll));
        scrubber = new Scrubber(host, all::running, settings.scrub());
        local = new LocalNode(
                loop,
                self,
                metadata,
                replicas,
                whereabouts,
                new ClusterDescription(
                        settings,
                        metadata,
                        replicas,
                        leaders,
                        peers,
                        disk,
                        scrubber,
                        journal.lag(),
                        node -> guard.asking(node).isPresent()),
                journal.recorder(),
                new ObservedRequests(loop.clock(), observer));
        metadata.begin();
    }

    private void onSpaceLevel(SpaceLevel level) {
        gossip.tellAll();
        replicas.setRecycling(level == SpaceLevel.PLENTY);
    }

    private Collection<TopicState> registeredTopics() {
        return metadata.registry().topics().values();
    }

    /** Valid once {@link #start} has returned. */
    public NodeApi api() {
        return door;
    }

    /** Of this node's storage: a wiped disk has a new one. Valid once {@link #start} has returned. */
    public long incarnation() {
        return dataDirectory.incarnation();
    }

    /** Messages from peers that were for no replica of this node, damaged, or from a stranger. Event loop only. */
    public long droppedMessages() {
        return droppedMessages;
    }

    /**
     * Hands over what this node leads, so that its stop costs nobody an election; goes on to serve meanwhile. Runs
     * {@code onLeft} when that is done, or could not be done in time. On the event loop; once, before {@link #stop}.
     */
    public void leave(Runnable onLeft) {
        if (stopping || loop.halted() || !takesPart) {
            onLeft.run();
        } else {
            loop.run(() -> balancer.leave(onLeft));
        }
    }

    /**
     * Refuses new work, lets the current flush round finish, closes stores and lock, then runs {@code onStopped}. On the
     * event loop; once.
     */
    public void stop(Runnable onStopped) {
        stopping = true;
        timers.values().forEach(EventLoop.Timer::cancel);
        timers.clear();
        ticks.ifPresent(NodeTicks::stop);
        seams.transport().close();
        if (takesPart) {
            follower.stop();
            journal.stopping();
            scrubber.stop();
            disk.space().stop();
        }
        Runnable letGo = () -> {
            unlock();
            LOG.info("node {} has stopped", settings.nodeId().value());
            onStopped.run();
        };
        if (loop.halted() || !takesPart) {
            // Nothing runs any more that could close the logs; what is not on disk is lost, as in a crash.
            letGo.run();
            return;
        }
        local.shutDown();
        loop.run(() -> all.stop(() -> journal.close(letGo)));
    }

    // ---- time

    private void scheduleGossip() {
        schedule(1, Gossip.COMPLETE_EVERY_MILLIS * NANOS_PER_MILLI, () -> {
            tellOthers();
            scheduleGossip();
        });
    }

    private void tellOthers() {
        memory.retry();
        if (takesPart) {
            gossip.tellAll();
            metadata.keepUp();
        } else {
            PeerMessage.Status status = contacts.myself().status();
            contacts.others().forEach(peer -> seams.transport().send(peer, status));
        }
    }

    private void tell(NodeId peer) {
        if (takesPart) {
            gossip.tellAll(peer);
        } else {
            seams.transport().send(peer, contacts.myself().status());
        }
    }

    private void scheduleHousekeeping() {
        schedule(2, settings.housekeepingMillis() * NANOS_PER_MILLI, () -> {
            all.housekeep();
            scheduleHousekeeping();
        });
    }

    private void schedule(int slot, long delayNanos, Runnable task) {
        if (stopping) {
            return;
        }
        EventLoop.Timer timer = loop.schedule(delayNanos, task);
        timers.put(slot, timer);
    }

    // ---- peers

    private final class Receiver implements Transport.Receiver {
        @Override
        public void onMessage(NodeId from, PeerMessage message) {
            if (stopping) {
                return;
            }
            loop.run(() -> {
                peers.onContact(from);
                if (takesPart) {
                    liveness.onContact(from);
                }
                if (message instanceof PeerMessage.Status status) {
                    hear(from, status);
                } else if (message instanceof PeerMessage.Standing standing) {
                    hear(from, standing);
                } else if (!takesPart || !guard.trusts(from)) {
                    droppedMessages++;
                } else if (!deliver(from, message)) {
                    droppedMessages++;
                }
            });
        }

        @Override
        public void onConnected(NodeId peer) {
            if (!stopping) {
                LOG.debug("node {}: connected with {}", settings.nodeId().value(), peer);
                loop.run(() -> {
                    peers.onContact(peer);
                    if (takesPart) {
                        liveness.onContact(peer);
                        journal.onPeer(peer, true);
                    }
                    tell(peer);
                });
            }
        }

        @Override
        public void onDisconnected(NodeId peer) {
            if (!stopping) {
                LOG.debug(
                        "node {}: lost the connection with {}",
                        settings.nodeId().value(),
                        peer);
                loop.run(() -> {
                    peers.onDisconnected(peer);
                    if (takesPart) {
                        journal.onPeer(peer, false);
                        all.disconnected(peer);
                    }
                });
            }
        }
    }

    private boolean deliver(NodeId from, PeerMessage message) {
        return message instanceof PeerMessage.ForGroup forGroup
                ? all.step(from, forGroup)
                : all.stepRepair(from, (PeerMessage.Repair) message);
    }

    /** What is known of this node's storage, as another one sees it. */
    private void hear(NodeId from, PeerMessage.Standing standing) {
        if (takesPart) {
            expelled(standing);
            return;
        }
        String before = admission.waitsFor();
        admission.onStanding(from, standing).ifPresentOrElse(this::admit, () -> {
            if (!before.equals(admission.waitsFor())) {
                LOG.info("{}", admission.waitsFor());
            }
        });
    }

    /** This storage was a member once; its node was removed, or readmitted with other storage. Nobody listens to it. */
    private void expelled(PeerMessage.Standing standing) {
        // What answers a question from before the admission says less than the admission, and may come late.
        boolean meant = standing.incarnation() == dataDirectory.incarnation()
                && standing.admission() >= memory.durable().admission().getAsInt()
                && (standing.verdict() == PeerMessage.Standing.Verdict.REMOVED
                        || standing.verdict() == PeerMessage.Standing.Verdict.LOST);
        if (meant && !expelled) {
            expelled = true;
            String why = standing.verdict() == PeerMessage.Standing.Verdict.REMOVED
                    ? "node " + settings.nodeId().value() + " was removed from the cluster; stop it"
                    : "the cluster knows node " + settings.nodeId().value()
                            + " with other data than this; two nodes may have the same id";
            LOG.error("{}", why);
            door.open(new OutsideNode(settings, peers, () -> why, () -> true));
        }
    }

    /** @param then runs when this node takes part */
    private void takePartOnceThereIsRoom(Runnable then) {
        if (takesPart || stopping) {
            return;
        }
        try {
            takePart();
        } catch (DiskFullException full) {
            String why = "node " + settings.nodeId().value() + " cannot begin and tries again: " + full.getMessage();
            LOG.warn("{}", why);
            door.open(new OutsideNode(settings, peers, () -> why, () -> false));
            schedule(5, ROOM_RETRY_MILLIS * NANOS_PER_MILLI, () -> takePartOnceThereIsRoom(this::tellOthers));
            return;
        }
        then.run();
    }

    private void admit(Admission.Admitted as) {
        memory.admit(settings.nodeId(), as.admission(), as.founders(), () -> {
            takePartOnceThereIsRoom(this::tellOthers);
        });
    }

    private void hear(NodeId from, PeerMessage.Status status) {
        if (!guard.onStatus(from, status) || !takesPart) {
            return;
        }
        SortedMap<Long, Long> leads = new TreeMap<>();
        for (PeerMessage.Leadership leadership : status.leads()) {
            leads.put(leadership.groupId(), leadership.generation());
            leaders.observe(leadership.groupId(), leadership.generation(), Optional.of(from));
            noteSettled(leadership.groupId(), leadership.placement());
        }
        if (status.complete()) {
            leaders.leadsNothingBut(from, leads);
            ticked.leadsNothingBut(from, leads);
        }
        disk.onPeer(from, status.diskFull(), status.diskStalled());
        if (peers.onStatus(from, status.clientAddress(), status.incarnation(), status.peerAddress())) {
            metadata.keepUp();
        }
    }

    // ---- moves

    private void noteSettled(long groupId, int placement) {
        if (placement > 0) {
            metadata.onSettled(groupId, placement);
        }
    }

    private void scheduleMoves() {
        schedule(3, MOVES_EVERY_MILLIS * NANOS_PER_MILLI, () -> {
            if (metadata.registry().allPartitions().stream().anyMatch(partition -> !partition.isSettled())) {
                replicas.driveMembers((groupId, placement) -> {
                    gossip.settled(groupId, placement);
                    noteSettled(groupId, placement);
                });
                metadata.keepUp();
            }
            scheduleMoves();
        });
    }

    private void unlock() {
        try {
            dataDirectory.close();
        } catch (StorageException e) {
            LOG.warn("node {}: {}", settings.nodeId().value(), e.getMessage());
        }
    }
}
