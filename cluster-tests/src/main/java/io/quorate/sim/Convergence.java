/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterView;
import io.quorate.node.api.ClusterView.PartitionView;
import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.node.api.Marks;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSession;
import io.quorate.node.api.ReadSink;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Result;
import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.check.GroupOracle;
import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.ReadChecker;
import io.quorate.sim.check.Violation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The liveness half of a run: with all faults over, everything must come to rest within a bounded time, and then be what
 * it should be on every replica: in the state machines, on the disks and for readers.
 */
final class Convergence {
    private static final long LIMIT_NANOS = 60_000_000_000L;
    private static final long STEP_NANOS = 50_000_000L;

    private final VirtualTime time;
    private final List<SimulatedNode> nodes;
    private final Workload workload;
    private final ClusterChecker checker;
    private final DurableImages disks;
    private final Runner runner;

    /** Runs events up to a time, and throws what they violate. */
    interface Runner {
        void runUntil(long timeNanos);
    }

    Convergence(
            VirtualTime time,
            List<SimulatedNode> nodes,
            Workload workload,
            ClusterChecker checker,
            DurableImages disks,
            Runner runner) {
        this.time = time;
        this.nodes = nodes;
        this.workload = workload;
        this.checker = checker;
        this.disks = disks;
        this.runner = runner;
    }

    /** Returns how long it took, in virtual ns. */
    long await() {
        long start = time.nowNanos();
        List<String> missing = List.of("not looked yet");
        while (!missing.isEmpty()) {
            if (time.nowNanos() - start > LIMIT_NANOS) {
                throw new Violation(
                        Invariant.CONVERGENCE,
                        "all faults ended " + (time.nowNanos() - start) / 1_000_000 + " ms ago, but: "
                                + String.join("; ", missing));
            }
            runner.runUntil(time.nowNanos() + STEP_NANOS);
            missing = missing();
        }
        // A batch whose writer has given up may still be appended from now on.
        Map<Long, LogEntry> settled = new HashMap<>();
        checker.oracles().forEach(oracle -> settled.put(oracle.groupId(), oracle.last()));
        compareDisks(settled);
        readEverythingAgain(settled);
        compareBeginnings();
        return time.nowNanos() - start;
    }

    private List<String> missing() {
        List<String> missing = new ArrayList<>(workload.unfinished());
        quarantined(missing);
        for (GroupOracle oracle : checker.oracles()) {
            if (oracle.lastIndex() == 0) {
                missing.add("group " + oracle.groupId() + " has committed nothing yet");
            }
            for (NodeId replica : checker.replicas(oracle.groupId())) {
                long applied = oracle.appliedBy(replica);
                if (applied != oracle.lastIndex()) {
                    missing.add(replica + " has applied group " + oracle.groupId() + " up to " + applied + " of "
                            + oracle.lastIndex());
                }
            }
        }
        if (missing.isEmpty()) {
            leaders(missing);
            directories(missing);
        }
        return missing;
    }

    private List<SimulatedNode> inService() {
        return nodes.stream().filter(SimulatedNode::isInService).toList();
    }

    private void quarantined(List<String> missing) {
        for (SimulatedNode node : inService()) {
            node.api().map(NodeApi::view).ifPresent(view -> Stream.concat(
                            Stream.of(view.metadata()), view.localGroups().stream())
                    .filter(group -> group.role() == ClusterView.ReplicaRole.QUARANTINED)
                    .forEach(group -> missing.add(
                            node.id() + " has not repaired group " + group.groupId() + ": " + group.failure())));
        }
    }

    /** Every node must be ready and name the same leader for every partition. */
    private void leaders(List<String> missing) {
        String agreed = null;
        for (SimulatedNode node : inService()) {
            Optional<NodeApi> api = node.api();
            if (api.isEmpty() || !api.get().isReady()) {
                missing.add(node.id() + " is not ready");
                continue;
            }
            ClusterView view = api.get().view();
            StringBuilder leaders =
                    new StringBuilder("metadata " + view.metadata().leaderId());
            for (TopicView topic : view.topics()) {
                for (PartitionView partition : topic.partitions()) {
                    leaders.append(", ").append(topic.name()).append('/').append(partition.partition());
                    leaders.append(' ').append(partition.leaderId());
                    if (!partition.joining().isEmpty() || !partition.leaving().isEmpty()) {
                        missing.add(topic.name() + "/" + partition.partition() + " is still on its way from "
                                + partition.leaving() + " to " + partition.joining());
                    }
                    if (partition.leaderId() == 0) {
                        missing.add(node.id() + " knows no leader of " + topic.name() + "/" + partition.partition());
                    }
                }
            }
            if (agreed != null && !agreed.contentEquals(leaders)) {
                missing.add("nodes disagree on leaders: " + agreed + " | " + node.id() + ": " + leaders);
            }
            agreed = leaders.toString();
        }
    }

    /** A node holds the logs of the groups that it replicates, and nothing of deleted ones. */
    private void directories(List<String> missing) {
        for (SimulatedNode node : inService()) {
            List<Long> replicated = new ArrayList<>();
            for (GroupOracle oracle : checker.oracles()) {
                if (checker.replicas(oracle.groupId()).stream()
                        .anyMatch(member -> MemberId.node(member).equals(node.id()))) {
                    replicated.add(oracle.groupId());
                }
            }
            if (!node.disk().groups().equals(replicated)) {
                missing.add(node.id() + " has directories of groups "
                        + node.disk().groups() + ", but replicates " + replicated);
            }
        }
    }

    private void readEverythingAgain(Map<Long, LogEntry> settled) {
        for (SimulatedPartition partition : workload.partitions()) {
            for (NodeId replica : checker.replicas(partition.groupId())) {
                long leastOffset = settled.get(partition.groupId()).nextOffset();
                long limit = time.nowNanos() + LIMIT_NANOS;
                FinalRead read = readToTheEnd(partition, replica, limit);
                while ((read.isTrimmed() || read.isRepaired()) && time.nowNanos() < limit) {
                    // What is kept goes on to be trimmed: the beginning it was given has gone meanwhile. And what has
                    // rotted is found when it is read.
                    runner.runUntil(time.nowNanos() + STEP_NANOS);
                    read = readToTheEnd(partition, replica, limit);
                }
                if (read.refusal != null || read.reader.position() < leastOffset) {
                    throw new Violation(
                            Invariant.CONVERGENCE,
                            "reading " + partition.name() + " at " + replica + " ended at offset "
                                    + read.reader.position() + " of " + leastOffset + ", refusal: " + read.refusal);
                }
            }
        }
    }

    /** Where a partition begins is the same everywhere: nobody has lost what another one keeps. */
    private void compareBeginnings() {
        for (SimulatedPartition partition : workload.partitions()) {
            long limit = time.nowNanos() + LIMIT_NANOS;
            List<Long> beginnings = beginnings(partition);
            while (!agree(partition, beginnings) && time.nowNanos() < limit) {
                beginnings = beginnings(partition);
            }
            if (!agree(partition, beginnings)) {
                throw new Violation(
                        Invariant.CONVERGENCE,
                        partition.name() + " begins at offsets " + beginnings + " on its replicas");
            }
        }
    }

    private boolean agree(SimulatedPartition partition, List<Long> beginnings) {
        return beginnings.size() == checker.replicas(partition.groupId()).size()
                && beginnings.stream().distinct().count() == 1;
    }

    private List<Long> beginnings(SimulatedPartition partition) {
        List<Long> found = new ArrayList<>();
        for (NodeId replica : checker.replicas(partition.groupId())) {
            nodes.get(MemberId.node(replica).value() - 1)
                    .onLoop(api -> api.tail(partition.name(), ReadConsistency.LOCAL, answer -> {
                        if (answer instanceof Result.Ok<Marks> ok) {
                            found.add(ok.value().lowWatermark());
                        }
                    }));
        }
        runner.runUntil(time.nowNanos() + STEP_NANOS);
        return List.copyOf(found);
    }

    private FinalRead readToTheEnd(SimulatedPartition partition, NodeId replica, long limit) {
        GroupOracle oracle = checker.oracle(partition.groupId());
        FinalRead read = new FinalRead(new ReadChecker(oracle, "final reader at " + replica, 0));
        nodes.get(MemberId.node(replica).value() - 1).onLoop(api -> read.open(api, partition));
        while (!read.ended && time.nowNanos() < limit) {
            runner.runUntil(time.nowNanos() + STEP_NANOS);
        }
        return read;
    }

    /** What is committed must be on the disk of every replica, not only of a quorum. */
    private void compareDisks(Map<Long, LogEntry> settled) {
        for (GroupOracle oracle : checker.oracles()) {
            for (NodeId replica : checker.replicas(oracle.groupId())) {
                DurableImages.Image image = disks.of(replica, oracle.groupId())
                        .orElseThrow(() -> new Violation(
                                Invariant.CONVERGENCE, replica + " has nothing on disk of group " + oracle.groupId()));
                long lastIndex = settled.get(oracle.groupId()).index();
                int trimmed = (int) Math.min(lastIndex, image.firstIndex() - 1);
                for (LogEntry entry : oracle.committed().subList(trimmed, (int) lastIndex)) {
                    Optional<LogEntry> durable = image.entry(entry.index());
                    if (durable.isEmpty() || !durable.get().equals(entry)) {
                        throw new Violation(
                                Invariant.CONVERGENCE,
                                replica + " has " + durable + " on disk in group " + oracle.groupId() + " instead of "
                                        + entry);
                    }
                }
            }
        }
    }

    /** Reads a partition from its start to its end. */
    private final class FinalRead implements ReadSink {
        private final ReadChecker reader;
        private boolean begun;
        private boolean ended;
        private Refusal refusal;

        private FinalRead(ReadChecker reader) {
            this.reader = reader;
        }

        private boolean isRepaired() {
            return refusal != null && refusal.reason() == Refusal.Reason.CORRUPT_REPLICA;
        }

        private boolean isTrimmed() {
            return refusal != null && refusal.reason() == Refusal.Reason.TRIMMED;
        }

        private void open(NodeApi api, SimulatedPartition partition) {
            ReadSpec spec =
                    new ReadSpec(new ReadSpec.From.Earliest(), OptionalLong.empty(), 0, false, ReadConsistency.LOCAL);
            Result<ReadSession> result = api.read(partition.name(), spec, this);
            if (result instanceof Result.Refused<ReadSession> refused) {
                onRefused(refused.refusal());
            }
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void onEntries(List<LogEntry> entries, Marks marks) {
            // A trim that nobody waited for any more may have come since these were read.
            begin(Math.min(marks.lowWatermark(), entries.get(0).baseOffset()));
            reader.onEntries(entries);
        }

        @Override
        public void onCaughtUp(Marks marks) {
            reader.onHighWatermark(marks.highWatermark());
        }

        @Override
        public void onEnd(Marks marks) {
            begin(marks.lowWatermark());
            ended = true;
        }

        /** It starts where the log does. */
        private void begin(long firstOffset) {
            if (!begun && firstOffset > 0) {
                reader.onTrimmed(firstOffset);
            }
            begun = true;
        }

        @Override
        public void onRefused(Refusal why) {
            ended = true;
            refusal = why;
        }
    }
}
