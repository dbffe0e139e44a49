/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.Damage;
import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.SegmentInfo;
import io.quorate.logstore.StorageException;
import io.quorate.node.api.ClusterView;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.Membership;
import io.quorate.raft.Outputs;
import io.quorate.raft.Proposal;
import io.quorate.raft.ProposeResult;
import io.quorate.raft.RaftCore;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.TransferResult;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.Message;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
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
 * <p>Everything that happens to a replica meets here; what can be told apart is in {@link AppliedLog}, {@link Outbox},
 * {@link PersistQueue}, {@link LeadershipNews}, {@link Quarantine} and others. Event loop only.
 */
public final class Replica implements FlushRounds.Target, TailBudget.Tail {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    /** So many reads in a row may fail for no reason that can be found. */
    private static final int MISREADS_MAX = 8;

    /** So many election timeouts a read waits for this replica to apply what it has to cover. */
    private static final int READ_PATIENCE = 4;

    private enum State {
        RUNNING,
        QUARANTINED,
        FAILED,
        STOPPED
    }

    private final ReplicaHost host;
    private final GroupName name;
    private final LogStore store;
    private final Function<GroupLog, RaftCore> cores;
    private final StateMachine machine;
    private final ReplicaOwner owner;
    private final RepairSource source;
    private final LogComparison comparison;
    private final LogAccess access;
    private final SnapshotTaker snapshots;
    private final LogFeed feed;
    private final RaftEventLog log;
    private final Outbox outbox;
    private final PersistQueue persists;
    private final AppliedLog applied;
    private final LeadershipNews news;
    private final Quarantine quarantine;

    /** Replaced after a repair, with all that hangs on it. */
    private RaftCore core;

    private LeaderFitness fitness;
    private ReadBarrier reads;

    private State state = State.RUNNING;
    private String failure = "";
    private int misreads;
    private boolean dirty;
    /** Whether it is among those that are ticked. */
    private boolean ticked;

    private long lastTick;

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
            ReplicaOwner owner) {
        this.host = host;
        this.name = name;
        this.store = recovered.store();
        this.cores = cores;
        this.machine = machine;
        this.owner = owner;
        this.source = new RepairSource(host, this);
        this.comparison = new LogComparison(host, this);
        this.access = new LogAccess(host.loop(), store, this::onLogQuiet);
        this.snapshots = new SnapshotTaker(host, name, access, this::onSnapshotSaved, this::onStorageFailed);
        this.feed = new LogFeed(host, this, machine);
        this.log = new RaftEventLog(name, host.self());
        this.outbox = new Outbox(host, name);
        this.persists = new PersistQueue(host.turns().flushes(), this, access);
        this.applied = new AppliedLog(host, this, machine, owner, snapshots, recovered.snapshotEnd());
        this.news = new LeadershipNews(host, name, owner);
        this.quarantine = new Quarantine(host, this);
        begin(recovered);
        store.damage().ifPresentOrElse(damage -> quarantine(damage, Long.MAX_VALUE), this::tellOpened);
    }

    private void begin(GroupLog recovered) {
        core = cores.apply(recovered);
        fitness = new LeaderFitness(
                host.disk(), core, !name.equals(GroupName.METADATA), host.raft().electionTimeoutTicks());
        reads = new ReadBarrier(core, READ_PATIENCE * host.raft().electionTimeoutTicks());
        outbox.restarted(core.self());
        misreads = 0;
        EntryId snapshotEnd = recovered.snapshotEnd();
        boolean known = snapshotEnd.index() > 0 && store.damage().isEmpty();
        if (known) {
            core.snapshotTaken(snapshotEnd);
        }
        applied.restarted(known ? snapshotEnd.index() : 0);
        snapshots.restarted(snapshotEnd.index());
    }

    private void tellOpened() {
        host.observer().onOpened(name.groupId(), core.self(), core.membership());
        host.observer().onRestored(name.groupId(), applied.applied());
        startTicking();
    }

    public GroupName name() {
        return name;
    }

    /** For queries; inputs come through this class and its collaborators. */
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
        return quarantine
                .progress()
                .map(progress -> failure + "; repair from the other replicas: " + progress)
                .orElse(failure);
    }

    /** The last index that the state machine has seen. */
    public long appliedIndex() {
        return applied.applied().index();
    }

    /** The last entry that the state machine has seen. */
    EntryId appliedId() {
        return applied.applied();
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
        return state == State.RUNNING
                && news.ledTerm() == term
                && core.role() == RaftCore.Role.LEADER
                && core.term() == term;
    }

    /** Whether the current term has a leader, and everyone concerned has been told who that is. */
    boolean hasToldOfLeader() {
        return news.hasToldOfLeader(core.term());
    }

    /** Leads, and has applied everything that earlier leaders may have committed. */
    public boolean isReadyLeader() {
        return news.ledTerm() != 0 && leads(news.ledTerm()) && appliedIndex() >= core.leadershipStartIndex();
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
            membersOn(node).forEach(member -> core.silent(member, ticks));
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
            membersOn(node).forEach(core::disconnected);
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

    /** Whether writers were sent away to a new leader, and it is not known here yet that it serves any of them. */
    boolean hasSentAway() {
        return state == State.RUNNING && owner.hasSentAway();
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
        host.tails().forget(this);
        host.turns().ticked().remove(this);
        outbox.discard();
        persists.discard();
        snapshots.discard();
        reads.abandon();
        feed.releaseArrived();
        // The group may go on without this member, in generations that are lower than those it campaigned in.
        news.withdraw();
        quarantine.stop(() -> {
            host.turns().flushes().close(this, onClosed);
            host.turns().flushes().kick();
        });
    }

    /** It has had an input, which may have woken it. */
    void markDirty() {
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
        outbox.send(outputs.sendNow());
        if (!outputs.persist().isEmpty()) {
            persists.add(outputs.persist());
            host.disk().space().handedOver(outputs.persist().sizeBytes());
        }
        outbox.sendAfter(outputs.persist().sequence(), outputs.sendAfterPersist());
        outputs.restore().ifPresent(applied::replaced);
        outputs.loads().forEach(feed::load);
        outputs.snapshotLoads().forEach(feed::load);
        feed.releaseArrived();
        applied.committed(outputs.commitIndex());
        outputs.reads().forEach(reads::onOutcome);
        outputs.events().forEach(this::tell);
    }

    private void tell(RaftEvent event) {
        log.log(event, news.ledTerm() != 0);
        host.observer().onRaftEvent(name.groupId(), event);
        if (event instanceof RaftEvent.TransferAborted) {
            owner.onLeaderSettled();
        }
    }

    private void onLogQuiet() {
        if (state == State.RUNNING) {
            persists.onLogQuiet();
        }
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
        applied.applyCommitted();
        news.notice(core);
        reads.release(appliedIndex());
        if (state == State.RUNNING) {
            host.tails().changed(this);
            if (core.hasOutputs()) {
                markDirty();
            }
        }
    }

    @Override
    public long tailBytes() {
        return core.tailBytes();
    }

    @Override
    public void shrinkTail(long maxBytes) {
        core.shrinkTail(maxBytes);
    }

    /** As {@link LogFeed#trim}. */
    public void trim(long keepFromIndex, Consumer<Boolean> onDone) {
        feed.trim(keepFromIndex, snapshots.newestSaved(), onDone);
    }

    /** Goes on with snapshots that wait for room. */
    public void housekeep() {
        if (state == State.RUNNING) {
            snapshots.saveNext();
        }
    }

    long lowWatermark() {
        return machine.lowWatermark();
    }

    /** What is before is gone, or about to go. */
    long firstReadableIndex() {
        return feed.firstReadableIndex();
    }

    @Override
    public void onPersisted(long sequence) {
        if (state != State.RUNNING) {
            return;
        }
        outbox.persisted(sequence);
        host.observer().onPersisted(name.groupId(), sequence);
        core.persisted(sequence);
        outbox.release();
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
                        outbox.send(last.sendNow());
                    }
                });
    }

    /** @param knownEnd index of the last entry; {@code Long.MAX_VALUE} if that is not known for certain */
    private void quarantine(Damage damage, long knownEnd) {
        log.quarantined(damage);
        state = State.QUARANTINED;
        failure = damage.asException().getMessage();
        outbox.discard();
        persists.discard();
        access.close();
        host.observer().onQuarantined(name.groupId(), core.self(), damage);
        quarantine.begin(knownEnd);
    }

    private List<NodeId> membersOn(NodeId node) {
        return core.membership().others(core.self()).stream()
                .filter(member -> MemberId.node(member).equals(node))
                .toList();
    }

    /** Those with another member of the group. */
    List<NodeId> otherNodes() {
        return core.membership().others(core.self()).stream()
                .map(MemberId::node)
                .distinct()
                .toList();
    }

    /** Entries of a sealed segment have just been verified. */
    void onVerified(SegmentInfo segment) {
        comparison.onVerified(segment);
    }

    void onRepairFailed(StorageException fault) {
        if (state == State.QUARANTINED) {
            fail(fault);
        }
    }

    void goOnRepaired(GroupLog recovered) {
        if (state != State.QUARANTINED) {
            return;
        }
        if (store.damage().isPresent()) {
            // More of it was met on the way.
            quarantine(store.damage().get(), Long.MAX_VALUE);
            return;
        }
        LOG.info("{} on {}: repaired, takes part again", name, host.self());
        quarantine.over();
        failure = "";
        state = State.RUNNING;
        access.reopen();
        begin(recovered);
        boolean replaced = applied.takeUp(recovered);
        host.observer().onRepaired(name.groupId());
        tellOpened();
        if (replaced) {
            owner.onRestored();
        } else {
            owner.onRepaired();
        }
        markDirty();
    }

    /** From another replica of the group, about the repair of one of the two. */
    public void stepRepair(NodeId from, PeerMessage.Repair message) {
        if (!quarantine.takes(from, message) && state == State.RUNNING && access.isOpen()) {
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
        log.failed(fault);
        state = State.FAILED;
        host.turns().ticked().remove(this);
        failure = fault.getMessage();
        outbox.discard();
        persists.discard();
        host.observer().onFailed(name.groupId(), fault);
        end();
    }

    private void end() {
        owner.onFailed();
        news.endLeadership();
        reads.abandon();
        feed.releaseArrived();
        news.withdraw();
    }

    public ClusterView.GroupView view(long highWatermark) {
        return GroupViews.of(this, highWatermark, host.disk().tickMillis());
    }
}
