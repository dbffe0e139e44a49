/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.replica.GroupLog;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.ReadBarrier;
import io.quorate.node.replica.Refusals;
import io.quorate.node.replica.Replica;
import io.quorate.node.replica.ReplicaHost;
import io.quorate.node.replica.ReplicaOwner;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.Prng;
import io.quorate.raft.Proposal;
import io.quorate.raft.ProposeResult;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The metadata group on this node: its registry, and, while it leads, the changes to it. Every change is checked twice:
 * at the door, for a quick answer, and by the state machine when its turn in the log has come. Whether a topic that is
 * created or deleted exists is for the log alone to say: a leader that has been replaced and does not know it yet would
 * answer from the past. Event loop only.
 */
public final class MetadataService implements ReplicaOwner {
    /** Learns what becomes of topics, on every node. Called on the event loop. */
    public interface Listener {
        /** Topics or nodes have changed; called once for any number of changes that were applied together. */
        void onRegistryChanged();

        void onTopicDeleted(TopicState topic);

        /**
         * The registry begins, or comes from a snapshot: what was deleted before that is not told of one by one. Called
         * before {@link #onRegistryChanged}.
         */
        void onRegistryRestored();
    }

    private final ReplicaHost host;
    private final Prng prng;
    private final int clusterMaxBatchBytes;
    private final Listener listener;
    private final MetadataStateMachine machine = new MetadataStateMachine(new Outcomes());
    private final Replica replica;
    private final ClusterUpkeep upkeep;

    /** By request id: changes proposed by this leader that are not applied yet. */
    private final Map<Long, Consumer<Outcome>> proposed = new LinkedHashMap<>();
    /** What is known of proposed changes and not yet told. */
    private final List<Runnable> answers = new ArrayList<>();

    private boolean stopped;
    private boolean hasApplied;
    private boolean recovered;
    private boolean trimming;

    /**
     * @param asking storage of a node that asks to be admitted
     * @param cores makes a member from what its log recovered; its voters are all nodes of the cluster
     */
    public MetadataService(
            ReplicaHost host,
            Peers peers,
            Function<NodeId, Optional<Long>> asking,
            Prng prng,
            int clusterMaxBatchBytes,
            GroupLog log,
            Function<GroupLog, RaftCore> cores,
            Listener listener) {
        this.host = host;
        this.prng = prng;
        this.clusterMaxBatchBytes = clusterMaxBatchBytes;
        this.listener = listener;
        log.state().ifPresent(machine::restore);
        this.replica = new Replica(host, GroupName.METADATA, log, cores, machine, this);
        this.upkeep = new ClusterUpkeep(machine, replica, peers, asking, this::propose);
    }

    public MetadataStateMachine registry() {
        return machine;
    }

    public Replica replica() {
        return replica;
    }

    public ClusterView.GroupView view() {
        return replica.view(0);
    }

    /** Has applied what was committed when it first heard of a leader. */
    public boolean isRecovered() {
        noteRecovery();
        return recovered;
    }

    /** Also if the leader was lost sight of while it was applied: nothing more may be committed for long. */
    private void noteRecovery() {
        RaftCore core = replica.core();
        recovered |= hasApplied && core.leader().isPresent() && replica.appliedIndex() >= core.commitIndex();
    }

    public boolean knowsLeader() {
        return replica.isRunning() && replica.core().leader().isPresent();
    }

    /** Why the registry cannot be asked yet. */
    public Refusal notRecovered() {
        return replica.hasFailed() || replica.isQuarantined()
                ? Refusals.replicaFailed(GroupName.METADATA, replica.failure())
                : Refusal.of(Reason.NO_LEADER, "this node has not yet heard of the cluster's topics")
                        .retryAfter(20);
    }

    /** Tells the listener what a snapshot on the disk holds already, which may be nothing. Once, right after the start. */
    public void begin() {
        listener.onRegistryRestored();
        listener.onRegistryChanged();
    }

    /**
     * To be called now and then: what snapshots stand in for is deleted. Nobody waits for a follower that is away; it gets
     * a snapshot, which is small.
     */
    public void housekeep() {
        replica.housekeep();
        if (!trimming && replica.isRunning() && !replica.isBeingReplaced()) {
            trimming = true;
            replica.trim(Long.MAX_VALUE, deleted -> trimming = false);
        }
    }

    public void step(NodeId from, PeerMessage.ForGroup message) {
        if (replica.isMeant(message)) {
            replica.step(MemberId.of(from, message.fromStay()), message.message());
        }
    }

    public void disconnected(NodeId peer) {
        replica.disconnected(peer);
    }

    public void stop(Runnable onClosed) {
        stopped = true;
        abandon();
        replica.stop(onClosed);
    }

    // ---- changes

    /** Zero asks for the default. */
    public void createTopic(
            String topic, int partitions, int replicationFactor, TopicSettings settings, Consumer<Outcome> answer) {
        int nodes = upkeep.holders().size();
        int copies = replicationFactor != 0 ? replicationFactor : defaultReplicationFactor(nodes);
        int count = partitions != 0 ? partitions : 1;
        Optional<Refusal> refusal = TopicName.check(topic)
                .or(() -> checkReplicationFactor(copies))
                .or(() -> checkMaxBatchBytes(settings.maxBatchBytes()))
                .or(() -> checkAtLeastOne(count))
                .or(this::whyNotLeading)
                // Any other node may know less of the cluster than there is.
                .or(() -> checkReplication(copies, nodes))
                .or(() -> machine.tooManyPartitions(0, count))
                .or(this::whyNoRoom);
        if (refusal.isPresent()) {
            answer.accept(new Outcome.Refused(refusal.get()));
        } else {
            propose(new Change.CreateTopic(topic, copies, settings, place(count, copies)), answer);
        }
    }

    /**
     * @param groupId    of partition 0 in the incarnation that is meant; 0: whichever there is
     * @param partitions the new number of partitions; 0: unchanged
     */
    public void alterTopic(
            String topic, long groupId, TopicSettings.Change settings, int partitions, Consumer<Outcome> answer) {
        Optional<Refusal> refusal = TopicName.check(topic)
                .or(() -> checkMaxBatchBytes(settings.maxBatchBytes().orElse(0)))
                .or(() -> partitions == 0 ? Optional.empty() : checkAtLeastOne(partitions))
                .or(this::whyNotLeading)
                .or(() -> partitions == 0 ? Optional.empty() : whyNoRoom());
        if (refusal.isPresent()) {
            answer.accept(new Outcome.Refused(refusal.get()));
        } else {
            whenUpToDate(answer, () -> alterKnownTopic(topic, groupId, settings, partitions, answer));
        }
    }

    private void alterKnownTopic(
            String topic, long groupId, TopicSettings.Change settings, int partitions, Consumer<Outcome> answer) {
        Optional<TopicState> existing = machine.topic(topic);
        if (existing.isEmpty()) {
            answer.accept(new Outcome.Refused(Refusals.unknownTopic(topic)));
            return;
        }
        int before = existing.get().partitions().size();
        int added = partitions == 0 ? 0 : partitions - before;
        Optional<Refusal> wrongCount = added < 0
                ? Optional.of(invalid(
                        "partitions",
                        "topic \"" + topic + "\" has " + before + " partitions; their number can only grow, not become "
                                + partitions))
                : machine.tooManyPartitions(before, added);
        if (wrongCount.isPresent()) {
            answer.accept(new Outcome.Refused(wrongCount.get()));
            return;
        }
        propose(
                new Change.AlterTopic(
                        topic,
                        groupId,
                        settings,
                        before,
                        place(added, existing.get().replicationFactor())),
                answer);
    }

    /** @param groupId of partition 0 in the incarnation that is meant; 0: whichever there is */
    public void deleteTopic(String topic, long groupId, Consumer<Outcome> answer) {
        Optional<Refusal> refusal = TopicName.check(topic).or(this::whyNotLeading);
        if (refusal.isPresent()) {
            answer.accept(new Outcome.Refused(refusal.get()));
        } else {
            // Also if there is none here: a leader that was deposed unawares does not know what was created since.
            propose(new Change.DeleteTopic(topic, groupId), answer);
        }
    }

    /**
     * Runs {@code change} when the registry here holds everything that was answered before: a leader that was just replaced
     * without knowing it must not judge a change by what has long become different.
     */
    private void whenUpToDate(Consumer<Outcome> answer, Runnable change) {
        replica.awaitLinearizable(new ReadBarrier.Reader() {
            @Override
            public void onSafe() {
                change.run();
            }

            @Override
            public void onUnsafe() {
                answer.accept(new Outcome.Refused(
                        whyNotLeading().orElseGet(() -> Refusals.readOvertaken(GroupName.METADATA))));
            }
        });
    }

    /** While this node leads: makes the cluster what the registry wants, and the registry what the nodes say. */
    public void keepUp() {
        if (replica.isReadyLeader()) {
            upkeep.run();
        }
    }

    /** The leader of a group says that the group's members are those of this placement. */
    public void onSettled(long groupId, int placement) {
        upkeep.onSettled(groupId, placement);
    }

    /** Begins what an operator wants. */
    public void change(ClusterChange change, Consumer<Result<ClusterChange.Accepted>> answer) {
        Consumer<Outcome> refused =
                outcome -> answer.accept(new Result.Refused<>(((Outcome.Refused) outcome).refusal()));
        Optional<Refusal> refusal = whyNotLeading();
        if (refusal.isPresent()) {
            answer.accept(new Result.Refused<>(refusal.get()));
        } else {
            whenUpToDate(
                    refused,
                    () -> upkeep.change(change, refused, accepted -> answer.accept(new Result.Ok<>(accepted))));
        }
    }

    private void propose(Change change, Consumer<Outcome> answer) {
        long requestId = prng.nextLong();
        ProposeResult result = replica.propose(new Proposal(
                EntryType.COMMAND,
                0,
                host.loop().clock().currentTimeMillis(),
                MetadataCodec.encode(new MetadataCodec.Command(requestId, change))));
        if (result instanceof ProposeResult.Admitted) {
            proposed.put(requestId, answer);
        } else if (result instanceof ProposeResult.Overloaded overloaded) {
            answer.accept(new Outcome.Refused(Refusal.of(
                            Reason.OVERLOADED,
                            "the metadata group has " + overloaded.uncommittedBytes()
                                    + " bytes that wait to be committed, which is its limit")
                    .retryAfter(50)));
        } else if (result instanceof ProposeResult.Transferring) {
            answer.accept(new Outcome.Refused(Refusals.handingOver(GroupName.METADATA)));
        } else {
            answer.accept(new Outcome.Refused(elsewhere()));
        }
    }

    private List<List<NodeId>> place(int count, int replicationFactor) {
        List<List<NodeId>> existing = new ArrayList<>(machine.partitions());
        machine.allPartitions().forEach(partition -> existing.add(partition.replicas()));
        return new Placement(upkeep.holders(), existing).place(count, replicationFactor);
    }

    // ---- checks

    private Optional<Refusal> whyNotLeading() {
        if (stopped) {
            return Optional.of(Refusals.shuttingDown());
        }
        if (replica.isReadyLeader()) {
            return host.whereabouts()
                    .noQuorum(GroupName.METADATA, replica.core().membership());
        }
        return Optional.of(elsewhere());
    }

    /** New partitions need space for their logs; everything else about topics is small and has its reserve. */
    private Optional<Refusal> whyNoRoom() {
        return host.disk().space().isFull()
                ? Optional.of(Refusals.diskFull(host.disk().space()))
                : Optional.empty();
    }

    private Refusal elsewhere() {
        if (replica.hasFailed() || replica.isQuarantined()) {
            return Refusals.replicaFailed(GroupName.METADATA, replica.failure());
        }
        if (replica.core().role() == RaftCore.Role.LEADER) {
            return Refusal.of(Reason.NO_LEADER, "the metadata leader is recovering: it still applies what it inherited")
                    .retryAfter(5);
        }
        return host.whereabouts().elsewhere(GroupName.METADATA, replica.core().membership());
    }

    /** The largest odd number of copies up to the usual one that the nodes can hold. */
    private static int defaultReplicationFactor(int nodes) {
        int most = Math.min(MetadataLimits.DEFAULT_REPLICATION_FACTOR, nodes);
        return most % 2 == 1 ? most : most - 1;
    }

    private static Optional<Refusal> checkReplicationFactor(int replicationFactor) {
        if (replicationFactor < 1 || replicationFactor % 2 == 0) {
            return Optional.of(invalid(
                    "replication_factor",
                    "a replication factor is odd and at least 1, not " + replicationFactor
                            + ": an even one costs a copy and tolerates no further failure"));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> checkReplication(int replicationFactor, int nodes) {
        if (replicationFactor > nodes) {
            return Optional.of(Refusal.of(
                            Reason.NOT_ENOUGH_NODES,
                            "a replication factor of " + replicationFactor + " needs as many nodes, the cluster has "
                                    + nodes)
                    .with("nodes", nodes)
                    .with("replication_factor", replicationFactor));
        }
        return Optional.empty();
    }

    private Optional<Refusal> checkMaxBatchBytes(int maxBatchBytes) {
        return maxBatchBytes < 0 || maxBatchBytes > clusterMaxBatchBytes
                ? Optional.of(invalid(
                        "max_batch_bytes",
                        "a topic's batch limit is 1 to " + clusterMaxBatchBytes
                                + " bytes, which is the cluster's limit, or 0 for that limit; not "
                                + Integer.toUnsignedString(maxBatchBytes)))
                : Optional.empty();
    }

    private static Optional<Refusal> checkAtLeastOne(int partitions) {
        return partitions < 1
                ? Optional.of(invalid(
                        "partitions",
                        "a topic has 1 to " + MetadataLimits.MAX_PARTITIONS_PER_TOPIC + " partitions, not "
                                + Integer.toUnsignedString(partitions)))
                : Optional.empty();
    }

    private static Refusal invalid(String field, String message) {
        return Refusal.of(Reason.INVALID_ARGUMENT, message).with("field", field);
    }

    // ---- what becomes of the replica

    private final class Outcomes implements MetadataStateMachine.Listener {
        @Override
        public void onOutcome(long requestId, Outcome outcome) {
            Consumer<Outcome> answer = proposed.remove(requestId);
            if (answer != null) {
                answers.add(() -> answer.accept(outcome));
            }
            if (outcome instanceof Outcome.TopicDeleted deleted) {
                listener.onTopicDeleted(deleted.topic());
            }
        }

        @Override
        public void onGone(TopicState topic) {
            listener.onTopicDeleted(topic);
        }
    }

    @Override
    public void onRestored() {
        listener.onRegistryRestored();
        onApplied(replica.appliedIndex());
    }

    @Override
    public void onApplied(long appliedIndex) {
        hasApplied = true;
        noteRecovery();
        listener.onRegistryChanged();
        List<Runnable> due = List.copyOf(answers);
        answers.clear();
        due.forEach(Runnable::run);
        keepUp();
    }

    @Override
    public void onLeading(long term) {
        upkeep.forget();
        keepUp();
    }

    @Override
    public void onLeadershipLost(long term) {
        upkeep.forget();
        abandon();
    }

    @Override
    public void onFailed() {
        abandon();
    }

    private void abandon() {
        List<Consumer<Outcome>> open = List.copyOf(proposed.values());
        proposed.clear();
        for (Consumer<Outcome> answer : open) {
            answer.accept(new Outcome.Refused(Refusal.of(
                            Reason.LEADERSHIP_LOST,
                            "leadership of the metadata group ended before the outcome was known: the change may or may"
                                    + " not have been made; look before you repeat it")
                    .retryAfter(50)));
        }
    }
}
