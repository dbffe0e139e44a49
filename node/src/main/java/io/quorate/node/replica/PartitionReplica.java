/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.raft.Proposal;
import io.quorate.raft.ProposeResult;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Message;
import io.quorate.wire.BatchHeader;
import io.quorate.wire.InvalidBatchException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A partition's replica on this node: takes appends while it leads, serves reads of what is committed and applied.
 *
 * <p>A leader serves only after it has applied its own first entry: by then its state covers everything that earlier
 * leaders committed, so that no duplicate is missed and no committed record is hidden. Event loop only.
 */
public final class PartitionReplica implements ReplicaOwner {
    private final ReplicaHost host;
    private final GroupName name;
    private final PartitionStateMachine machine;
    private final Replica replica;
    private final AppendQueue appends;
    private final LogBeginning beginning;
    private final Set<LogReader> readers = new LinkedHashSet<>();
    private List<LogReader> waitingReaders = new ArrayList<>();
    private int maxBatchBytes;
    private final HeldAppends held = new HeldAppends();
    private boolean handingOver;
    private long ledTerm;
    /** If writers were sent away to a new leader: where the log that is applied here ended then. */
    private OptionalLong sentAwayAt = OptionalLong.empty();

    /** Where the log on this disk began when the replica was opened, or has gone on from a snapshot of another one. */
    private long heldFromOffset;

    private long heldFromIndex;
    private boolean stopped;

    /**
     * @param cores         makes a member from what the log's {@code recovered()} tells
     * @param maxBatchBytes largest batch that is taken
     * @param retention     how much is kept
     */
    public PartitionReplica(
            ReplicaHost host,
            GroupName name,
            GroupLog log,
            Function<GroupLog, RaftCore> cores,
            int maxBatchBytes,
            Retention retention) {
        this.host = host;
        this.name = name;
        this.machine = new PartitionStateMachine(name);
        log.state().ifPresent(machine::restore);
        this.appends = new AppendQueue(machine.producers(), host.budget());
        this.replica = new Replica(host, name, log, cores, machine, this);
        this.beginning = new LogBeginning(host, this, retention);
        noteBeginning();
        this.maxBatchBytes = maxBatchBytes;
    }

    public GroupName name() {
        return name;
    }

    public void configure(int newMaxBatchBytes, Retention newRetention) {
        maxBatchBytes = newMaxBatchBytes;
        beginning.setRetention(newRetention);
    }

    Replica replica() {
        return replica;
    }

    PartitionStateMachine machine() {
        return machine;
    }

    public ClusterView.GroupView view() {
        return replica.view(machine.nextOffset());
    }

    private void noteBeginning() {
        heldFromOffset = replica.store().firstOffset();
        heldFromIndex = replica.store().firstIndex();
    }

    /**
     * First offset that can be read here. A replica that goes on from a snapshot lacks what was trimmed before it got that,
     * and may not have applied yet that it was.
     */
    long lowWatermark() {
        return Math.max(machine.lowWatermark(), heldFromOffset);
    }

    /** First index that is sure to stay. */
    long keepFromIndex() {
        return Math.max(machine.keepFromIndex(), heldFromIndex);
    }

    public Marks marks() {
        return new Marks(
                lowWatermark(),
                machine.nextOffset(),
                replica.core().term(),
                replica.core().leader().map(MemberId::node).map(NodeId::value).orElse(0));
    }

    // ---- inputs

    public void housekeep() {
        if (!stopped) {
            replica.housekeep();
            beginning.housekeep();
        }
    }

    public void disconnected(NodeId peer) {
        replica.disconnected(peer);
    }

    /** Returns false if the message was dropped because its record batches are not what their producers sent. */
    public boolean step(NodeId from, Message message) {
        if (message instanceof AppendRequest append && !areIntactBatches(append.entries())) {
            return false;
        }
        if (message instanceof AppendRequest append && host.disk().space().isExhausted() && carriesRecords(append)) {
            // As if it had been lost on the way: the leader tries again, as it does with any silent follower.
            return true;
        }
        replica.step(from, message);
        return true;
    }

    private static boolean carriesRecords(AppendRequest append) {
        for (LogEntry entry : append.entries()) {
            if (entry.type() == EntryType.RECORDS) {
                return true;
            }
        }
        return false;
    }

    /** Whether the record batches among these entries are what their producers sent. */
    static boolean areIntactBatches(List<LogEntry> entries) {
        for (LogEntry entry : entries) {
            if (entry.type() == EntryType.RECORDS) {
                Payload batch = entry.payload();
                try {
                    BatchHeader header = BatchHeader.verify(batch.array(), batch.arrayOffset(), batch.size());
                    if (header.recordCount() != entry.recordCount()) {
                        return false;
                    }
                } catch (InvalidBatchException damagedOnTheWay) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Ends everything under way; {@code onClosed} runs when the log has been let go. */
    public void stop(Refusal toReaders, Runnable onClosed) {
        stopped = true;
        appends.abandon(Refusals.leadershipLost(name, ledTerm));
        held.release();
        beginning.abandon(Refusals.leadershipLost(name, ledTerm));
        refuseReaders(toReaders, true);
        replica.stop(onClosed);
    }

    // ---- appends

    /**
     * As soon as this member leads: what comes before it has applied what it inherited waits for that, which takes less time
     * than to come again.
     *
     * @param generation what the client believes; an older one than the current is refused as FENCED
     */
    public Result<AppendTarget> openAppend(OptionalLong generation) {
        long current = replica.core().term();
        if (generation.isPresent() && isOver(generation.getAsLong())) {
            return new Result.Refused<>(Refusals.fenced(name, generation.getAsLong(), current));
        }
        Optional<Refusal> refusal = replica.leads(current) ? Optional.empty() : whyNotLeading();
        if (refusal.isEmpty() && generation.isPresent() && generation.getAsLong() > current) {
            refusal = Optional.of(Refusals.behind(name, generation.getAsLong(), current));
        }
        return refusal.isPresent()
                ? new Result.Refused<>(refusal.get())
                : new Result.Ok<>(new LedGeneration(current, machine.nextOffset(), new AppendQueue.Sender()));
    }

    /**
     * Whether a later generation has its leader: a majority has moved on then, and nothing can be committed in this one
     * any more, so any replica that knows may say so, not only the new leader (promise P5).
     */
    private boolean isOver(long generation) {
        return replica.isRunning()
                && generation < replica.core().term()
                && replica.core().leader().isPresent();
    }

    private final class LedGeneration implements AppendTarget {
        private final long generation;
        private final long nextOffset;
        private final AppendQueue.Sender sender;

        LedGeneration(long generation, long nextOffset, AppendQueue.Sender sender) {
            this.generation = generation;
            this.nextOffset = nextOffset;
            this.sender = sender;
        }

        @Override
        public long generation() {
            return generation;
        }

        @Override
        public long nextOffset() {
            return nextOffset;
        }

        @Override
        public void append(Payload batch, OptionalLong triedSince, AppendListener listener) {
            // A bug in here must stop the node, whoever called.
            host.loop().run(() -> {
                Runnable decide = () -> decide(generation, sender, batch, triedSince, listener);
                boolean early = isRecovering(generation) || isBetweenLeaders();
                if (!early || !held.hold(batch.size(), decide)) {
                    decide.run();
                }
            });
        }
    }

    /** Leads, but may not know yet what is in its log already. */
    private boolean isRecovering(long generation) {
        return replica.leads(generation) && !replica.isReadyLeader();
    }

    /**
     * Whether this node hands the partition over, or has done so and those who tell where to go do not know yet who has taken
     * it.
     */
    private boolean isBetweenLeaders() {
        handingOver = !stopped
                && replica.isRunning()
                && (replica.core().transferTarget().isPresent() || handingOver && !replica.hasToldOfLeader());
        return handingOver;
    }

    private void decide(
            long generation,
            AppendQueue.Sender sender,
            Payload batch,
            OptionalLong triedSince,
            AppendListener listener) {
        Optional<Refusal> refusal = whyNotAdmitted(generation, batch.size());
        if (refusal.isPresent()) {
            if (!replica.leads(generation) && !hasSentAway()) {
                sentAwayAt = OptionalLong.of(machine.nextOffset());
            }
            appends.addRefusal(sender, listener, refusal.get());
            return;
        }
        BatchHeader header;
        try {
            header = BatchHeader.verify(batch.array(), batch.arrayOffset(), batch.size());
        } catch (InvalidBatchException invalid) {
            appends.addRefusal(sender, listener, Refusals.corrupt(invalid));
            return;
        }
        ProducerVerdict verdict = appends.check(header, triedSince);
        if (verdict instanceof ProducerVerdict.New) {
            propose(sender, batch, header, listener);
        } else if (verdict instanceof ProducerVerdict.Duplicate duplicate) {
            appends.addDuplicate(sender, listener, header, duplicate.baseOffset(), generation);
        } else {
            appends.addRefusal(sender, listener, refusalFor(verdict, header));
        }
    }

    private Optional<Refusal> whyNotAdmitted(long generation, int sizeBytes) {
        if (stopped) {
            return Optional.of(Refusals.shuttingDown());
        }
        if (!replica.leads(generation)) {
            return Optional.of(notLeading());
        }
        if (isRecovering(generation)) {
            return Optional.of(Refusals.recovering(name));
        }
        if (sizeBytes > maxBatchBytes) {
            return Optional.of(Refusals.tooLarge(name, sizeBytes, maxBatchBytes));
        }
        DiskSpace space = host.disk().space();
        if (space.isFull() || !space.majorityHasRoom(replica.core().membership())) {
            return Optional.of(diskFull(space));
        }
        if (!host.budget().admits(sizeBytes)) {
            return Optional.of(Refusals.nodeOverloaded(host.budget()));
        }
        return Optional.empty();
    }

    /** Served elsewhere is who has added records to the log that is applied here too. */
    @Override
    public boolean hasSentAway() {
        return sentAwayAt.isPresent() && machine.nextOffset() <= sentAwayAt.getAsLong();
    }

    private Refusal diskFull(DiskSpace space) {
        List<NodeId> withoutRoom = replica.core().membership().voters().stream()
                .map(MemberId::node)
                .filter(voter -> !space.hasRoom(voter))
                .toList();
        return Refusals.diskFull(name, withoutRoom, space);
    }

    private Refusal refusalFor(ProducerVerdict verdict, BatchHeader header) {
        if (verdict instanceof ProducerVerdict.OutOfSequence gap) {
            return Refusals.outOfSequence(header, gap.expected());
        }
        if (verdict instanceof ProducerVerdict.DuplicateTooOld old) {
            return Refusals.forgottenDuplicate(header, old.expected());
        }
        if (verdict instanceof ProducerVerdict.ProducerFenced fenced) {
            return Refusals.producerFenced(header, fenced.epoch());
        }
        return Refusals.unknownProducer(name, header);
    }

    private void propose(AppendQueue.Sender sender, Payload batch, BatchHeader header, AppendListener listener) {
        ProposeResult result = replica.propose(new Proposal(
                EntryType.RECORDS, header.recordCount(), host.loop().clock().currentTimeMillis(), batch));
        if (result instanceof ProposeResult.Admitted admitted) {
            appends.addProposal(sender, listener, batch.size(), admitted.id(), admitted.baseOffset(), header);
        } else if (result instanceof ProposeResult.Overloaded overloaded) {
            appends.addRefusal(sender, listener, Refusals.partitionOverloaded(name, overloaded.uncommittedBytes()));
        } else if (result instanceof ProposeResult.Transferring) {
            appends.addRefusal(sender, listener, Refusals.handingOver(name));
        } else {
            appends.addRefusal(sender, listener, notLeading());
        }
    }

    /** Empty if this node leads the partition and may serve it. */
    private Optional<Refusal> whyNotLeading() {
        if (replica.isReadyLeader()) {
            return Optional.empty();
        }
        if (replica.isRunning() && replica.core().role() == RaftCore.Role.LEADER) {
            return Optional.of(Refusals.recovering(name));
        }
        return Optional.of(notLeading());
    }

    Refusal notLeading() {
        if (replica.hasFailed()) {
            return Refusals.replicaFailed(name, replica.failure());
        }
        return stopped
                ? Refusals.shuttingDown()
                : host.whereabouts().elsewhere(name, replica.core().membership());
    }

    // ---- the log's beginning

    /** Forgets what is below {@code offset}, for good; the answer comes when a majority knows. */
    public void trim(long offset, Consumer<Result<Marks>> answer) {
        whyNotLeading()
                .ifPresentOrElse(
                        refusal -> answer.accept(new Result.Refused<>(refusal)),
                        () -> beginning.trimTo(offset, answer));
    }

    // ---- reads

    public void tail(ReadConsistency consistency, Consumer<Result<Marks>> answer) {
        begin(
                consistency,
                () -> answer.accept(new Result.Ok<>(marks())),
                refusal -> answer.accept(new Result.Refused<>(refusal)));
    }

    public void findOffset(long appendTimeMillis, ReadConsistency consistency, Consumer<Result<FoundOffset>> answer) {
        TimeLookup lookup = new TimeLookup(host, this);
        begin(
                consistency,
                () -> lookup.find(appendTimeMillis, answer),
                refusal -> answer.accept(new Result.Refused<>(refusal)));
    }

    /** Runs {@code read} when this replica's state is what the consistency promises, or says why that cannot be. */
    private void begin(ReadConsistency consistency, Runnable read, Consumer<Refusal> otherwise) {
        Optional<Refusal> refusal = whyNotReadable(consistency);
        if (refusal.isPresent()) {
            otherwise.accept(refusal.get());
        } else if (consistency.isLinearizable()) {
            whenLinearizable(consistency, read, otherwise);
        } else {
            read.run();
        }
    }

    /**
     * A linearizable read begins only when it is sure that this replica has all in its state that was acknowledged before,
     * as a leader that is one still, or by an index from it. From then on it needs no further proof: what it hands over is
     * committed, and only where the log ends may have become old news. A read of the leader ends with the leadership.
     */
    public Result<ReadSession> read(ReadSpec spec, ReadSink sink) {
        ReadConsistency consistency = spec.consistency();
        Optional<Refusal> refusal = whyNotReadable(consistency);
        LogReader reader = new LogReader(host, this, spec, sink);
        if (refusal.isEmpty() && !consistency.isLinearizable()) {
            refusal = reader.begin();
        }
        if (refusal.isPresent()) {
            return new Result.Refused<>(refusal.get());
        }
        readers.add(reader);
        if (consistency.isLinearizable()) {
            whenLinearizable(
                    consistency,
                    () -> reader.begin()
                            .ifPresentOrElse(reader::refuse, () -> host.loop().execute(reader::resume)),
                    reader::refuse);
        } else {
            host.loop().execute(reader::resume);
        }
        return new Result.Ok<>(reader);
    }

    /** Only if it is readable with that consistency now. */
    private void whenLinearizable(ReadConsistency consistency, Runnable read, Consumer<Refusal> otherwise) {
        replica.awaitLinearizable(new ReadBarrier.Reader() {
            @Override
            public void onSafe() {
                whyUnfit().ifPresentOrElse(otherwise, read);
            }

            @Override
            public void onUnsafe() {
                otherwise.accept(
                        consistency.needsLeader()
                                ? whyNotLeading().orElseGet(() -> Refusals.readOvertaken(name))
                                : whyNoReadIndex());
            }
        });
    }

    private Refusal whyNoReadIndex() {
        return whyUnfit()
                .or(() -> host.whereabouts().noQuorum(name, replica.core().membership()))
                .orElseGet(() -> Refusals.noReadIndex(name));
    }

    private Optional<Refusal> whyNotReadable(ReadConsistency consistency) {
        return consistency.needsLeader() ? whyNotLeading() : whyUnfit();
    }

    /** Empty if there is a log here to read from, whatever it may lack of what is acknowledged. */
    private Optional<Refusal> whyUnfit() {
        if (replica.isQuarantined()) {
            return Optional.of(Refusals.corruptReplica(name, replica.failure()));
        }
        if (replica.isRunning() && replica.isBeingReplaced()) {
            return Optional.of(Refusals.catchingUp(name));
        }
        return replica.isRunning() ? Optional.empty() : Optional.of(notLeading());
    }

    /** The reader wants to go on when more has been applied. */
    void awaitMore(LogReader reader) {
        waitingReaders.add(reader);
    }

    void forget(LogReader reader) {
        readers.remove(reader);
    }

    private void refuseReaders(Refusal refusal, boolean thoseOfAnyReplicaToo) {
        for (LogReader reader : List.copyOf(readers)) {
            if (thoseOfAnyReplicaToo || reader.needsLeader()) {
                reader.refuse(refusal);
            }
        }
    }

    // ---- what becomes of the replica

    @Override
    public void onApplied(long appliedIndex) {
        appends.completeUpTo(appliedIndex, ledTerm);
        if (!held.isEmpty() && replica.isReadyLeader() && !isBetweenLeaders()) {
            held.release();
        }
        beginning.onApplied(appliedIndex);
        List<LogReader> woken = waitingReaders;
        if (!woken.isEmpty()) {
            waitingReaders = new ArrayList<>(woken.size());
            for (LogReader reader : woken) {
                reader.wake();
            }
        }
    }

    @Override
    public void onRepaired() {
        noteBeginning();
    }

    @Override
    public void onRestored() {
        noteBeginning();
        waitingReaders.clear();
        for (LogReader reader : List.copyOf(readers)) {
            host.loop().execute(reader::wake);
        }
        onApplied(replica.appliedIndex());
    }

    @Override
    public void onLeading(long term) {
        ledTerm = term;
    }

    @Override
    public void onLeadershipLost(long term) {
        appends.abandon(Refusals.leadershipLost(name, term));
        beginning.abandon(Refusals.leadershipLost(name, term));
        if (!held.isEmpty() && !isBetweenLeaders()) {
            // When the end of this leadership is known to those who tell where to go.
            host.loop().execute(held::release);
        }
        refuseReaders(notLeading(), false);
    }

    @Override
    public void onLeaderSettled() {
        held.release();
    }

    @Override
    public void onFailed() {
        held.release();
        refuseReaders(replica.isQuarantined() ? Refusals.corruptReplica(name, replica.failure()) : notLeading(), true);
    }
}
