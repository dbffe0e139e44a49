/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.ClusterChange;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.EventPage;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.events.FlightRecorder;
import io.quorate.node.metadata.MetadataService;
import io.quorate.node.metadata.Outcome;
import io.quorate.node.metadata.TopicName;
import io.quorate.node.metadata.TopicState;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.node.replica.PartitionReplica;
import io.quorate.node.replica.Refusals;
import io.quorate.node.replica.Whereabouts;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.raft.Membership;
import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds, for each request of a client, who on this node answers it, or where else to go. Event loop only. */
final class LocalNode implements NodeApi {
    private static final Logger LOG = LoggerFactory.getLogger(LocalNode.class);

    private final GuardedLoop loop;
    private final NodeId self;
    private final MetadataService metadata;
    private final LocalReplicas replicas;
    private final Whereabouts whereabouts;
    private final ClusterDescription description;
    private final FlightRecorder recorder;
    private final ObservedRequests requests;
    private boolean shuttingDown;

    LocalNode(
            GuardedLoop loop,
            NodeId self,
            MetadataService metadata,
            LocalReplicas replicas,
            Whereabouts whereabouts,
            ClusterDescription description,
            FlightRecorder recorder,
            ObservedRequests requests) {
        this.loop = loop;
        this.self = self;
        this.metadata = metadata;
        this.replicas = replicas;
        this.whereabouts = whereabouts;
        this.description = description;
        this.recorder = recorder;
        this.requests = requests;
    }

    /** From now on everything is refused. */
    void shutDown() {
        shuttingDown = true;
    }

    @Override
    public Result<AppendTarget> openAppend(TopicPartition partition, OptionalLong generation) {
        return requests.answered(guarded(() -> withReplica(partition, replica -> {
            Result<AppendTarget> opened = replica.openAppend(generation);
            return opened instanceof Result.Ok<AppendTarget> target
                    ? new Result.Ok<>(requests.observe(replica.name().groupId(), target.value()))
                    : opened;
        })));
    }

    @Override
    public Result<ReadSession> read(TopicPartition partition, ReadSpec spec, ReadSink sink) {
        return requests.answered(guarded(() -> withReplica(
                partition,
                replica -> replica.read(spec, requests.observe(replica.name().groupId(), sink)))));
    }

    @Override
    public void tail(TopicPartition partition, ReadConsistency consistency, Consumer<Result<Marks>> answer) {
        Result<PartitionReplica> found = requests.answered(guarded(() -> withReplica(partition, Result.Ok::new)));
        if (found instanceof Result.Ok<PartitionReplica> replica) {
            loop.run(() -> replica.value().tail(consistency, marks -> tell(answer, marks)));
        } else {
            answer.accept(new Result.Refused<>(((Result.Refused<PartitionReplica>) found).refusal()));
        }
    }

    @Override
    public void findOffset(
            TopicPartition partition,
            long appendTimeMillis,
            ReadConsistency consistency,
            Consumer<Result<FoundOffset>> answer) {
        Result<PartitionReplica> found = requests.answered(guarded(() -> withReplica(partition, Result.Ok::new)));
        if (found instanceof Result.Ok<PartitionReplica> replica) {
            loop.run(() -> replica.value().findOffset(appendTimeMillis, consistency, offset -> tell(answer, offset)));
        } else {
            answer.accept(new Result.Refused<>(((Result.Refused<PartitionReplica>) found).refusal()));
        }
    }

    @Override
    public void trim(TopicPartition partition, long offset, Consumer<Result<Marks>> answer) {
        Result<PartitionReplica> found = guarded(() -> withReplica(partition, Result.Ok::new));
        if (found instanceof Result.Ok<PartitionReplica> replica) {
            loop.run(() -> replica.value().trim(offset, marks -> tell(answer, marks)));
        } else {
            answer.accept(new Result.Refused<>(((Result.Refused<PartitionReplica>) found).refusal()));
        }
    }

    @Override
    public void createTopic(
            String topic,
            int partitions,
            int replicationFactor,
            TopicSettings settings,
            Consumer<Result<ClusterView.TopicView>> answer) {
        change(
                answer,
                () -> metadata.createTopic(
                        topic, partitions, replicationFactor, settings, told(answer, this::changedTopic)));
    }

    @Override
    public void alterTopic(
            String topic,
            long groupId,
            TopicSettings.Change settings,
            int partitions,
            Consumer<Result<ClusterView.TopicView>> answer) {
        change(
                answer,
                () -> metadata.alterTopic(topic, groupId, settings, partitions, told(answer, this::changedTopic)));
    }

    @Override
    public void deleteTopic(String topic, long groupId, Consumer<Result<Boolean>> answer) {
        change(answer, () -> metadata.deleteTopic(topic, groupId, told(answer, outcome -> true)));
    }

    @Override
    public void changeCluster(ClusterChange change, Consumer<Result<ClusterChange.Accepted>> answer) {
        change(answer, () -> metadata.change(change, result -> tell(answer, result)));
    }

    @Override
    public Result<ClusterView.TopicView> topic(String topic) {
        return guarded(() -> {
            Optional<Refusal> refusal = TopicName.check(topic).or(this::whyNotKnowing);
            if (refusal.isPresent()) {
                return new Result.Refused<>(refusal.get());
            }
            Optional<TopicState> found = metadata.registry().topic(topic);
            return found.isPresent()
                    ? new Result.Ok<>(description.topic(found.get()))
                    : new Result.Refused<>(Refusals.unknownTopic(topic));
        });
    }

    @Override
    public ClusterView view() {
        return loop.call(description::view);
    }

    @Override
    public void events(EventQuery query, Consumer<Result<EventPage>> answer) {
        if (loop.halted()) {
            answer.accept(new Result.Refused<>(halted()));
            return;
        }
        loop.run(() -> {
            Result<LongPredicate> groups = groups(query);
            if (groups instanceof Result.Refused<LongPredicate> refused) {
                tell(answer, new Result.Refused<>(refused.refusal()));
            } else {
                recorder.query(
                        query,
                        ((Result.Ok<LongPredicate>) groups).value(),
                        found -> tell(
                                answer,
                                found instanceof Result.Ok<List<NodeEvent>> events
                                        ? new Result.Ok<>(page(events.value()))
                                        : new Result.Refused<>(((Result.Refused<List<NodeEvent>>) found).refusal())));
            }
        });
    }

    private Result<LongPredicate> groups(EventQuery query) {
        if (query.topic().isEmpty()) {
            return new Result.Ok<>(group -> true);
        }
        Optional<Refusal> refusal = TopicName.check(query.topic()).or(this::whyNotKnowing);
        if (refusal.isPresent()) {
            return new Result.Refused<>(refusal.get());
        }
        Optional<TopicState> topic = metadata.registry().topic(query.topic());
        if (topic.isEmpty()) {
            return new Result.Refused<>(Refusals.unknownTopic(query.topic()));
        }
        List<TopicState.PartitionState> partitions = topic.get().partitions();
        if (query.partition().isEmpty()) {
            List<Long> all =
                    partitions.stream().map(TopicState.PartitionState::groupId).toList();
            return new Result.Ok<>(all::contains);
        }
        int number = query.partition().getAsInt();
        if (number < 0 || number >= partitions.size()) {
            return new Result.Refused<>(
                    Refusals.unknownPartition(new TopicPartition(query.topic(), number), partitions.size()));
        }
        long only = partitions.get(number).groupId();
        return new Result.Ok<>(group -> group == only);
    }

    private EventPage page(List<NodeEvent> events) {
        TreeSet<Long> groups = new TreeSet<>();
        events.forEach(event -> groups.add(event.groupId()));
        TreeMap<Long, TopicPartition> names = new TreeMap<>();
        metadata.registry().topics().forEach((topic, state) -> {
            for (int number = 0; number < state.partitions().size(); number++) {
                long group = state.partitions().get(number).groupId();
                if (groups.contains(group)) {
                    names.put(group, new TopicPartition(topic, number, group));
                }
            }
        });
        return new EventPage(self.value(), events, names, loop.clock().currentTimeMillis(), recorder.lastSequence());
    }

    @Override
    public boolean isReady() {
        return !shuttingDown && !loop.halted() && metadata.isRecovered() && metadata.knowsLeader();
    }

    private <T> Result<T> withReplica(TopicPartition partition, Function<PartitionReplica, Result<T>> request) {
        Optional<Refusal> refusal = TopicName.check(partition.topic()).or(this::whyNotKnowing);
        if (refusal.isPresent()) {
            return new Result.Refused<>(refusal.get());
        }
        Result<TopicState.PartitionState> known = incarnation(partition);
        if (known instanceof Result.Refused<TopicState.PartitionState> unknown) {
            return new Result.Refused<>(unknown.refusal());
        }
        TopicState.PartitionState state = ((Result.Ok<TopicState.PartitionState>) known).value();
        GroupName group = new GroupName(state.groupId(), partition.topic(), partition.partition());
        if (state.memberOn(self).isEmpty()) {
            return new Result.Refused<>(whereabouts.elsewhere(group, new Membership(state.target())));
        }
        Result<PartitionReplica> replica = replicas.find(group);
        return replica instanceof Result.Ok<PartitionReplica> found
                ? request.apply(found.value())
                : new Result.Refused<>(((Result.Refused<PartitionReplica>) replica).refusal());
    }

    /** The partition in the incarnation that is meant, or, if the client does not say which, in the one there is. */
    private Result<TopicState.PartitionState> incarnation(TopicPartition asked) {
        if (!metadata.registry().hasGiven(asked.groupId())) {
            return new Result.Refused<>(Refusals.notHeardOfYet(asked));
        }
        Optional<TopicState> topic = metadata.registry().topic(asked.topic());
        if (topic.isEmpty()) {
            return new Result.Refused<>(Refusals.unknownTopic(asked.topic()));
        }
        int partitions = topic.get().partitions().size();
        if (asked.partition() < 0 || asked.partition() >= partitions) {
            return new Result.Refused<>(Refusals.unknownPartition(asked, partitions));
        }
        TopicState.PartitionState state = topic.get().partitions().get(asked.partition());
        if (asked.groupId() == 0 || asked.groupId() == state.groupId()) {
            return new Result.Ok<>(state);
        }
        return new Result.Refused<>(Refusals.notThisIncarnation(asked, state.groupId()));
    }

    private Optional<Refusal> whyNotKnowing() {
        if (shuttingDown) {
            return Optional.of(Refusals.shuttingDown());
        }
        return metadata.isRecovered() ? Optional.empty() : Optional.of(metadata.notRecovered());
    }

    private <T> void change(Consumer<Result<T>> answer, Runnable change) {
        if (loop.halted()) {
            answer.accept(new Result.Refused<>(halted()));
        } else if (shuttingDown) {
            answer.accept(new Result.Refused<>(Refusals.shuttingDown()));
        } else {
            loop.run(change);
        }
    }

    private <T> Result<T> guarded(Supplier<Result<T>> request) {
        return loop.halted() ? new Result.Refused<>(halted()) : loop.call(request);
    }

    private static Refusal halted() {
        return Refusal.of(Reason.INTERNAL, "this node has stopped after a fatal error; its log has the details");
    }

    private ClusterView.TopicView changedTopic(Outcome outcome) {
        return description.topic(((Outcome.TopicChanged) outcome).topic());
    }

    private static <T> Consumer<Outcome> told(Consumer<Result<T>> answer, Function<Outcome, T> value) {
        return outcome -> {
            Result<T> result = outcome instanceof Outcome.Refused refused
                    ? new Result.Refused<>(refused.refusal())
                    : new Result.Ok<>(value.apply(outcome));
            tell(answer, result);
        };
    }

    private static <T> void tell(Consumer<Result<T>> answer, Result<T> result) {
        try {
            answer.accept(result);
        } catch (RuntimeException e) {
            // Whoever cannot take an answer is its own problem, never the node's.
            LOG.warn("an answer was not taken", e);
        }
    }
}
