/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.Damage;
import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.SegmentInfo;
import io.quorate.logstore.StorageException;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.ReplicaRole;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.EntryLoad;
import io.quorate.raft.Envelope;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.Membership;
import io.quorate.raft.Outputs;
import io.quorate.raft.Persist;
import io.quorate.raft.Proposal;
import io.quorate.raft.ProposeResult;
import io.quorate.raft.RaftCore;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.SnapshotLoad;
import io.quorate.raft.TransferResult;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One group's member on this node: the Raft core, its log on disk and the state machine above, driven by the event loop.
 *
 * <pre>
 *   input ──► core ──drain──► send now
 *                       ├───► persist ──(flush round)──► persisted ──► held messages leave, core is drained again
 *                       ├───► loads   ──(read executor)──► loaded, snapshotLoaded
 *                       ├───► restore: the state machine becomes the snapshot that took the place of the log
 *                       └───► apply up to the commit index: from memory, or in chunks from disk
 *
 *   RUNNING ──disk fault──► FAILED ──stop──► STOPPED        FAILED is for good in this process (promise P6)
 *      │ ▲
 *      ▼ └── repaired from its peers, with a new core of what the log holds now
 *   QUARANTINED   damage was found, at the opening or later: no part in elections, acknowledgement, reads (promise P8)
 * </pre>
 *
 * <p>A snapshot of the leader takes the place of the whole log: what looks at the log beside the writing thread is waited
 * for, then the log is replaced, then the state machine; nothing is read or applied meanwhile.
 *
 * <p>Invariants: appliedIndex ≤ committedIndex ≤ durable index of the core; a held message leaves only when its persist
 * has been reported. Event loop only.
 *
 * <p>Long, for everything that happens to a replica meets here; what can be told apart is in its collaborators.
 */
public final class Replica implements FlushRounds.Target {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    /** How much of the log is read at a time to be applied, in {@code LogEntry.sizeBytes()}. */
    static final int APPLY_CHUNK_BYTES = 1 << 20;

    /** So many reads in a row may fail for no reason that can be found. */
    private static final int MISREADS_MAX = 8;

    /** So many election timeouts a read waits for this replica to apply what it has to cover. */
    private static final int READ_PATIENCE = 4;

    /** Learns what becomes of a replica. Called on the event loop. */
    public interface Owner {
        /** The state machine has applied everything that it could for now; at least one entry since the last call. */
        void onApplied(long appliedIndex);

        /** The state machine has become a snapshot of another replica; the log here goes on behind it. */
        void onRestored();

        /** This member leads {@code term}; the state machine may still lack what the log holds. */
        void onLeading(long term);

        /** This member led {@code term} and does not any more. */
        void onLeadershipLost(long term);

        /** It is known who leads after a while in which it was not, or a transfer of leadership came to nothing. */
        default void onLeaderSettled() {}

        /** The disk failed, or the log is damaged: the replica neither votes nor serves any more, or not until repaired. */
        void onFailed();
    }

    private enum State {
        RUNNING,
        QUARANTINED,
        FAILED,
        STOPPED
    }

    private record Held(long sequence, List<Envelope> envelopes) {}

    private final ReplicaHost host;
    private final GroupName name;
    private final LogStore store;
    private final Function<GroupLog, RaftCore> cores;
    private final StateMachine machine;
    private final Owner owner;
    private final RepairSource source;
    private final LogComparison comparison;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private final LogAccess access;
    private final SnapshotTaker snapshots;
    private final LogFeed feed;
    private final RaftEventLog log;
    /** What waits until nobody looks at the log any more, in order. */
    private final ArrayDeque<Persist> waitingPersists = new ArrayDeque<>();

    /** Replaced after a repair, with all that hangs on it. */
    private RaftCore core;

    private LeaderFitness fitness;
    private ReadBarrier reads;

    private State state = State.RUNNING;
    private String failure = "";
    private Optional<ReplicaRepair> repair = Optional.empty();
    private int misreads;
    private boolean dirty;
    /** Whether it is among those that are ticked. */
    private boolean ticked;

    private long lastTick;
    private long persistedSequence;
    private long committedIndex;
    private EntryId applied;
    private boolean readingToApply;
    /** The term that the owner was told this member leads; 0 if none. */
    private long ledTerm;

    private long observedTerm = -1;
    private Optional<NodeId> observedLeader = Optional.empty();

    /**
     * Runs, or, if the log is damaged, is quarantined from its first moment on.
     *
     * @param cores   makes a member from what its log recovered
     * @param machine in the state of the log's snapshot, if it has one, else in its first
     */
    public Replica(
            ReplicaHost host,
            GroupName name,
            GroupLog recovered,
            Function<GroupLog, RaftCore> cores,
            StateMachine machine,
            Owner owner) {
        this.host = host;
        this.name = name;
        this.store = recovered.store();
        this.cores = cores;
        this.machine = machine;
        this.owner = owner;
        this.applied = recovered.snapshotEnd();
        this.source = new RepairSource(host, this);
        this.comparison = new LogComparison(host, this);
        this.access = new LogAccess(host.loop(), store, this::onLogQuiet);
        this.snapshots = new SnapshotTaker(host, name, access, this::onSnapshotSaved, this::onStorageFailed);
        this.feed = new LogFeed(host, this, machine);
        this.log = new RaftEventLog(name, host.self());
        begin(recovered);
        store.damage().ifPresentOrElse(damage -> quarantine(damage, Long.MAX_VALUE), this::tellOpened);
    }

    private void begin(GroupLog recovered) {
        core = cores.apply(recovered);
        fitness = new LeaderFitness(
                host.disk(), core, !name.equals(GroupName.METADATA), host.raft().electionTimeoutTicks());
        reads = new ReadBarrier(core, READ_PATIENCE * host.raft().electionTimeoutTicks());
        persistedSequence = 0;
        committedIndex = 0;
        readingToApply = false;
        misreads = 0;
        EntryId snapshotEnd = recovered.snapshotEnd();
        if (snapshotEnd.index() > 0 && store.damage().isEmpty()) {
            core.snapshotTaken(snapshotEnd);
            committedIndex = snapshotEnd.index();
        }
        snapshots.restarted(snapshotEnd.index());
    }

    private void tellOpened() {
        host.observer().onOpened(name.groupId(), core.self(), core.membership());
        host.observer().onRestored(name.groupId(), applied);
        startTicking();
    }

    public GroupName name() {
        return name;
    }

    /** For queries; inputs go through this class. */
    public RaftCore core() {
        return core;
    }

    @Override
    public LogStore store() {
        return store;
    }

    public boolean isRunning() {
        return state == State.RUNNING;
    }

    public boolean hasFailed() {
        return state == State.FAILED;
    }

    public boolean isQuarantined() {
        return state == State.QUARANTINED;
    }

    /** Why it has failed or is quarantined, and what happens about that; empty if it runs. */
    public String failure() {
        return repair.map(under -> failure + "; repair from the other replicas: " + under.progress())
                .orElse(failure);
    }

    /** The last index that the state machine has seen. */
    public long appliedIndex() {
        return applied.index();
    }

    /** The last entry that the state machine has seen. */
    EntryId appliedId() {
        return applied;
    }

    /** For whatever reads the log, or deletes of it, beside the writing thread. */
    LogAccess access() {
        return access;
    }

    /** Whether a snapshot of the leader is taking the place of the log: nothing can be read meanwhile. */
    public boolean isBeingReplaced() {
        return !access.isOpen();
    }

    /** Whether this member leads {@code term} and everyone concerned has been told so. */
    public boolean leads(long term) {
        return state == State.RUNNING && ledTerm == term && core.role() == RaftCore.Role.LEADER && core.term() == term;
    }

    /** Leads, and has applied everything that earlier leaders may have committed. */
    public boolean isReadyLeader() {
        return ledTerm != 0 && leads(ledTerm) && applied.index() >= core.leadershipStartIndex();
    }

    /**
     * Time passes by one tick. Returns whether it is to be told of the next one too.
     *
     * @param number of the tick, each greater than the one before; time that ran double would break the leases of leaders
     */
    boolean tick(long number) {
        if (number <= lastTick) {
            throw new IllegalStateException(name + ": told of tick " + number + " after tick " + lastTick);
        }
        lastTick = number;
        if (state != State.RUNNING) {
            ticked = false;
            return false;
        }
        fitness.tick();
        core.tick();
        boolean readsAreLate = reads.tick();
        ticked = !core.isQuiescent();
        if (core.hasOutputs() || readsAreLate) {
            markDirty();
        }
        return ticked;
    }

    /** Whoever was quarantined and repaired between two ticks is still among those that are ticked. */
    private void startTicking() {
        if (!ticked) {
            ticked = true;
            host.turns().ticked().add(this);
        }
    }

    /** If it rests, it counts time again. */
    void wake() {
        if (state == State.RUNNING) {
            core.wake();
            markDirty();
        }
    }

    /** Nothing was heard of a node for so many ticks. */
    void silent(NodeId node, int ticks) {
        if (state == State.RUNNING) {
            for (NodeId member : core.membership().others(core.self())) {
                if (MemberId.node(member).equals(node)) {
                    core.silent(member, ticks);
                }
            }
            if (core.hasOutputs()) {
                markDirty();
            }
        }
    }

    /** Whether a message is for this member, not for one of another stay on this node. */
    public boolean isMeant(PeerMessage.ForGroup message) {
        return message.toStay() == MemberId.stay(core.self());
    }

    /** @param from the member */
    public void step(NodeId from, Message message) {
        if (state == State.RUNNING) {
            core.step(from, message);
            markDirty();
        }
    }

    /** The connection to a node broke. */
    public void disconnected(NodeId node) {
        if (state == State.RUNNING) {
            for (NodeId member : core.membership().others(core.self())) {
                if (MemberId.node(member).equals(node)) {
                    core.disconnected(member);
                }
            }
            markDirty();
        }
    }

    /** Only while {@link #leads}. */
    public ProposeResult propose(Proposal proposal) {
        ProposeResult result = core.propose(proposal);
        markDirty();
        return result;
    }

    /**
     * Tells the reader when the state machine holds all that was acknowledged before this call, or that it cannot be known
     * in time: a leader asks a majority, a follower its leader. Only while {@link #isRunning}.
     */
    public void awaitLinearizable(ReadBarrier.Reader reader) {
        if (host.turns().ticked().isLate()) {
            core.timeLost();
        }
        reads.ask(reader);
        markDirty();
    }

    /** Takes a step towards these members, or goes on with it; see {@link RaftCore#changeMembership}. */
    public void changeMembership(Membership wanted) {
        if (state == State.RUNNING) {
            core.changeMembership(wanted);
            markDirty();
        }
    }

    /** Whether this member leads and these, and nobody else, are the group's members, committed. */
    boolean hasSettledOn(Membership wanted) {
        return isReadyLeader()
                && core.membership().equals(wanted)
                && core.membershipAt(core.commitIndex()).equals(wanted);
    }

    /** Hands leadership to another voter; see {@link RaftCore#transferLeadership}. */
    TransferResult handOver(NodeId target) {
        TransferResult result = core.transferLeadership(target);
        markDirty();
        return result;
    }

    /** Lets the log go once what is queued has been written; {@code onClosed} runs on the event loop. */
    public void stop(Runnable onClosed) {
        state = State.STOPPED;
        host.turns().ticked().remove(this);
        held.clear();
        waitingPersists.clear();
        snapshots.discard();
        reads.abandon();
        feed.releaseArrived();
        Runnable close = () -> {
            host.turns().flushes().close(this, onClosed);
            host.turns().flushes().kick();
        };
        repair.ifPresentOrElse(under -> under.stop(close), close);
    }

    /** It has had an input, which may have woken it. */
    private void markDirty() {
        if (!ticked && !core.isQuiescent() && state == State.RUNNING) {
            startTicking();
        }
        if (!dirty) {
            dirty = true;
            host.turns().add(this);
        }
    }

    /** First half of a turn: what the core wants from the world. */
    void drain() {
        dirty = false;
        if (state != State.RUNNING || !core.hasOutputs()) {
            return;
        }
        Outputs outputs = core.drain();
        if (!outputs.persist().isEmpty()) {
            host.observer().onPersist(name.groupId(), outputs.persist());
        }
        send(outputs.sendNow());
        if (!outputs.persist().isEmpty()) {
            write(outputs.persist());
            host.disk().space().handedOver(outputs.persist().sizeBytes());
        }
        if (!outputs.sendAfterPersist().isEmpty()) {
            if (outputs.persist().sequence() <= persistedSequence) {
                send(outputs.sendAfterPersist());
            } else {
                held.add(new Held(outputs.persist().sequence(), outputs.sendAfterPersist()));
            }
        }
        outputs.restore().ifPresent(this::restore);
        outputs.loads().forEach(feed::load);
        outputs.snapshotLoads().forEach(feed::load);
        feed.releaseArrived();
        committedIndex = Math.max(committedIndex, outputs.commitIndex());
        outputs.reads().forEach(reads::onOutcome);
        for (RaftEvent event : outputs.events()) {
            log.log(event, ledTerm != 0);
            host.observer().onRaftEvent(name.groupId(), event);
            if (event instanceof RaftEvent.TransferAborted) {
                owner.onLeaderSettled();
            }
        }
    }

    private void write(Persist persist) {
        waitingPersists.add(persist);
        if (persist.replacement().isPresent()) {
            access.close();
        }
        if (access.isOpen() || access.isQuiet()) {
            writeWaiting();
        }
    }

    private void writeWaiting() {
        while (!waitingPersists.isEmpty()) {
            host.turns().flushes().add(this, waitingPersists.poll());
        }
    }

    private void onLogQuiet() {
        if (state == State.RUNNING) {
            writeWaiting();
            host.turns().flushes().kick();
        }
    }

    /** The log has been replaced on the disk. */
    private void restore(GroupSnapshot snapshot) {
        LOG.info(
                "{}: {} goes on from the leader's snapshot of {}, offset {}; it had applied {}",
                name,
                host.self(),
                snapshot.last(),
                snapshot.nextOffset(),
                applied);
        machine.restore(snapshot);
        applied = snapshot.last();
        committedIndex = Math.max(committedIndex, applied.index());
        core.applied(applied.index());
        snapshots.restarted(applied.index());
        access.reopen();
        host.observer().onRestored(name.groupId(), applied);
        owner.onRestored();
    }

    private void onSnapshotSaved(EntryId last) {
        if (state == State.RUNNING && access.isOpen()) {
            core.snapshotTaken(last);
        }
    }

    /** Second half of a turn: what has become certain. */
    void applyCommitted() {
        if (state != State.RUNNING) {
            return;
        }
        long before = applied.index();
        while (applied.index() < committedIndex && applied.index() + 1 >= core.tailStart()) {
            apply(core.tailEntry(applied.index() + 1));
        }
        finishApplying(before);
        if (applied.index() < committedIndex && !readingToApply && access.isOpen()) {
            readToApply();
        }
        noticeLeadership();
        reads.release(applied.index());
        if (state == State.RUNNING && core.hasOutputs()) {
            markDirty();
        }
    }

    private void apply(LogEntry entry) {
        if (entry.index() != applied.index() + 1) {
            throw new IllegalStateException(name + ": entry " + entry.id() + " cannot be applied after " + applied);
        }
        if (store.isSegmentStart(entry.index()) && snapshots.wants(applied)) {
            snapshots.take(
                    applied,
                    machine.nextOffset(),
                    machine.freeze(),
                    core.membershipAt(applied.index()).encode());
        }
        machine.apply(entry);
        applied = entry.id();
        host.observer().onApplied(name.groupId(), entry);
    }

    private void finishApplying(long appliedBefore) {
        if (applied.index() > appliedBefore) {
            core.applied(applied.index());
            owner.onApplied(applied.index());
        }
    }

    /** Entries that were committed before this process had them in memory: read beside the loop, a chunk at a time. */
    private void readToApply() {
        long from = applied.index() + 1;
        long to = Math.min(committedIndex, core.tailStart() - 1);
        readingToApply = true;
        access.offload(
                host.readExecutor(),
                log -> log.read(from, to, APPLY_CHUNK_BYTES),
                entries -> {
                    readingToApply = false;
                    if (state == State.RUNNING && access.isOpen()) {
                        long before = applied.index();
                        entries.forEach(this::apply);
                        finishApplying(before);
                        markDirty();
                    }
                },
                fault -> {
                    readingToApply = false;
                    onReadFailed(fault);
                    markDirty();
                });
    }

    /** As {@link LogFeed#trim}. */
    public void trim(long keepFromIndex, Consumer<Boolean> onDone) {
        feed.trim(keepFromIndex, snapshots.newestSaved(), onDone);
    }

    void onTrimmed() {
        if (state == State.RUNNING && access.isOpen()) {
            core.prefixTrimmed(store.firstIndex());
            markDirty();
        }
    }

    /** Goes on with snapshots that wait for room. */
    public void housekeep() {
        if (state == State.RUNNING) {
            snapshots.saveNext();
        }
    }

    /** See {@link StateMachine#lowWatermark}. */
    long lowWatermark() {
        return machine.lowWatermark();
    }

    /** What is before is gone, or about to go. */
    long firstReadableIndex() {
        return feed.firstReadableIndex();
    }

    void loaded(SnapshotLoad load, Optional<GroupSnapshot> snapshot) {
        if (state == State.RUNNING) {
            core.snapshotLoaded(load.follower(), snapshot);
            markDirty();
        }
    }

    void loaded(EntryLoad load, List<LogEntry> entries) {
        if (state == State.RUNNING) {
            core.loaded(load.follower(), load.fromIndex(), entries);
            markDirty();
        }
    }

    @Override
    public void onPersisted(long sequence) {
        if (state != State.RUNNING) {
            return;
        }
        persistedSequence = sequence;
        host.observer().onPersisted(name.groupId(), sequence);
        core.persisted(sequence);
        while (!held.isEmpty() && held.peek().sequence() <= sequence) {
            send(held.poll().envelopes());
        }
        markDirty();
    }

    @Override
    public void onDiskFull(DiskFullException full) {
        host.disk().space().onNoRoom();
    }

    /** What could not be read is not there (the replica is repaired), or was misread (it can be read again). */
    void onReadFailed(StorageException fault) {
        if (fault instanceof CorruptLogException && store.damage().isEmpty() && misreads < MISREADS_MAX) {
            misreads++;
            LOG.warn("{} on {}: misread, a second look found nothing wrong: {}", name, host.self(), fault.getMessage());
        } else {
            onStorageFailed(fault);
        }
    }

    /** Somebody has looked at the log: if it is damaged, the replica must not go on. */
    void checkForDamage() {
        if (state == State.RUNNING) {
            store.damage().ifPresent(this::onDamaged);
        }
    }

    private void onDamaged(Damage damage) {
        handOverBeforeQuarantine();
        quarantine(damage, core.lastIndex());
        end();
    }

    /** Whoever has everything campaigns at once instead of waiting for this leader's silence. */
    private void handOverBeforeQuarantine() {
        core.followers().stream()
                .max(Comparator.comparingLong(FollowerStatus::matchIndex))
                .ifPresent(best -> {
                    core.transferLeadership(best.follower());
                    if (core.hasOutputs()) {
                        Outputs last = core.drain();
                        if (!last.persist().isEmpty()) {
                            host.observer().onPersist(name.groupId(), last.persist());
                        }
                        send(last.sendNow());
                    }
                });
    }

    /** @param knownEnd index of the last entry; {@code Long.MAX_VALUE} if that is not known for certain */
    private void quarantine(Damage damage, long knownEnd) {
        LOG.error(
                "{} on {}: the log is damaged, the replica serves nothing until it has been repaired from the others: {}",
                name,
                host.self(),
                damage.asException().getMessage());
        state = State.QUARANTINED;
        failure = damage.asException().getMessage();
        held.clear();
        waitingPersists.clear();
        access.close();
        host.observer().onQuarantined(name.groupId(), core.self(), damage);
        ReplicaRepair begun = new ReplicaRepair(
                host, name, store, this::repairSources, core.term(), applied.index(), knownEnd, new Repaired());
        repair = Optional.of(begun);
        // Once nobody writes, reads or tidies up any more: each of these executors works in order.
        host.turns().flushes().release(this, () -> host.loop()
                .offload(
                        host.readExecutor(),
                        () -> begun,
                        afterReads -> host.loop()
                                .offload(
                                        host.backgroundExecutor(),
                                        () -> begun,
                                        ReplicaRepair::start,
                                        this::onRepairFailed),
                        this::onRepairFailed));
        host.turns().flushes().kick();
    }

    /**
     * Those with other members as far as the log tells, which may end long before the group moved to other nodes; and the
     * leader, of whom every node hears.
     */
    private List<NodeId> repairSources() {
        return Stream.concat(otherNodes().stream(), host.whereabouts().leaderOf(name).stream())
                .filter(node -> !node.equals(host.self()))
                .distinct()
                .toList();
    }

    /** Those with another member of the group. */
    List<NodeId> otherNodes() {
        return core.membership().others(core.self()).stream()
                .map(MemberId::node)
                .distinct()
                .toList();
    }

    /** Entries of a sealed segment have just been verified: a leader looks whether the others have the same. */
    void onVerified(SegmentInfo segment) {
        if (isReadyLeader() && segment.lastIndex() <= applied.index()) {
            comparison.compare(segment.baseIndex(), segment.lastIndex(), segment.digest());
        }
    }

    private void onRepairFailed(StorageException fault) {
        repair = Optional.empty();
        if (state == State.QUARANTINED) {
            fail(fault);
        }
    }

    private final class Repaired implements ReplicaRepair.Listener {
        @Override
        public void onRepaired() {
            host.loop()
                    .offload(
                            host.backgroundExecutor(),
                            () -> GroupLog.of(store),
                            Replica.this::goOnRepaired,
                            Replica.this::onRepairFailed);
        }

        @Override
        public void onFailed(StorageException fault) {
            onRepairFailed(fault);
        }
    }

    private void goOnRepaired(GroupLog recovered) {
        if (state != State.QUARANTINED) {
            return;
        }
        if (store.damage().isPresent()) {
            // More of it was met on the way.
            quarantine(store.damage().get(), Long.MAX_VALUE);
            return;
        }
        LOG.info("{} on {}: repaired, takes part again", name, host.self());
        repair = Optional.empty();
        failure = "";
        state = State.RUNNING;
        access.reopen();
        begin(recovered);
        boolean replaced = recovered.snapshotEnd().index() > applied.index();
        if (replaced) {
            // The log has become a snapshot, but this was not yet told when the damage was found.
            machine.restore(recovered.state().orElseThrow());
            applied = recovered.snapshotEnd();
        } else if (core.lastIndex() < applied.index()) {
            throw new IllegalStateException(
                    name + ": the repaired log ends at " + core.lastEntry() + ", but " + applied + " is applied");
        }
        host.observer().onRepaired(name.groupId());
        tellOpened();
        if (replaced) {
            owner.onRestored();
        }
        markDirty();
    }

    /** From another replica of the group, about the repair of one of the two. */
    public void stepRepair(NodeId from, PeerMessage.Repair message) {
        if (message instanceof PeerMessage.RepairReply reply) {
            repair.ifPresent(under -> under.onReply(from, reply));
        } else if (message instanceof PeerMessage.RepairSnapshotPiece piece) {
            repair.ifPresent(under -> under.onSnapshotPiece(from, piece));
        } else if (state == State.RUNNING && access.isOpen()) {
            source.answer(from, message);
            comparison.onMessage(from, message);
        }
    }

    @Override
    public void onStorageFailed(StorageException fault) {
        if (state != State.RUNNING) {
            return;
        }
        if (fault instanceof CorruptLogException && store.damage().isPresent()) {
            onDamaged(store.damage().get());
        } else {
            fail(fault);
        }
    }

    private void fail(StorageException fault) {
        LOG.error(
                "{} on {}: the replica has failed and serves nothing until a restart: {}",
                name,
                host.self(),
                fault.getMessage());
        state = State.FAILED;
        host.turns().ticked().remove(this);
        failure = fault.getMessage();
        held.clear();
        waitingPersists.clear();
        host.observer().onFailed(name.groupId(), fault);
        end();
    }

    private void end() {
        owner.onFailed();
        if (ledTerm != 0) {
            long lost = ledTerm;
            ledTerm = 0;
            owner.onLeadershipLost(lost);
        }
        reads.abandon();
        feed.releaseArrived();
        host.whereabouts().withdrawn(name);
        observedTerm = -1;
        observedLeader = Optional.empty();
    }

    private void send(List<Envelope> envelopes) {
        for (Envelope envelope : envelopes) {
            host.transport()
                    .send(
                            MemberId.node(envelope.to()),
                            new PeerMessage.ForGroup(
                                    name.groupId(),
                                    MemberId.stay(core.self()),
                                    MemberId.stay(envelope.to()),
                                    envelope.message()));
        }
    }

    private void noticeLeadership() {
        long leading = core.role() == RaftCore.Role.LEADER ? core.term() : 0;
        if (leading != ledTerm) {
            long lost = ledTerm;
            ledTerm = leading;
            if (lost != 0) {
                owner.onLeadershipLost(lost);
            }
            if (leading != 0) {
                owner.onLeading(leading);
            }
        }
        Optional<NodeId> leader = core.leader().map(MemberId::node);
        if (core.term() != observedTerm || !leader.equals(observedLeader)) {
            observedTerm = core.term();
            observedLeader = leader;
            host.whereabouts().observed(name, observedTerm, leader);
            if (leader.isPresent()) {
                owner.onLeaderSettled();
            }
        }
    }

    public ClusterView.GroupView view(long highWatermark) {
        List<Integer> voters = new ArrayList<>();
        for (NodeId voter : core.membership().voters()) {
            voters.add(MemberId.node(voter).value());
        }
        return new ClusterView.GroupView(
                name.groupId(),
                name.topic(),
                name.partition(),
                role(),
                core.term(),
                core.leader().map(MemberId::node).map(NodeId::value).orElse(0),
                core.commitIndex(),
                core.lastIndex(),
                highWatermark,
                voters,
                failure(),
                core.lastEntry().term(),
                appliedIndex(),
                FollowerViews.of(core, host.disk().tickMillis()));
    }

    private ReplicaRole role() {
        if (state == State.FAILED) {
            return ReplicaRole.FAILED;
        }
        if (state == State.QUARANTINED) {
            return ReplicaRole.QUARANTINED;
        }
        return switch (core.role()) {
            case FOLLOWER -> ReplicaRole.FOLLOWER;
            case PRE_CANDIDATE -> ReplicaRole.PRE_CANDIDATE;
            case CANDIDATE -> ReplicaRole.CANDIDATE;
            case LEADER -> ReplicaRole.LEADER;
        };
    }
}
