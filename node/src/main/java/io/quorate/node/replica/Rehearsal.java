/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.io.Disk;
import io.quorate.node.api.AppendListener;
import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.raft.Membership;
import io.quorate.raft.Prng;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.wire.RecordBatchBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * A change of leader, played through in memory before a real one is due: three replicas of a group that nobody else knows
 * elect a leader, append, hand over with appends under way, and go on when one of them leaves.
 *
 * <p>What a JVM does when it first gets to a piece of code, classes initialised, call sites linked, costs a new leader and
 * the one that hands over some 20 ms each of their event loops. Here it is done while nobody waits. Nothing of the node
 * is touched: the loop, the logs and the messages are the rehearsal's own, and gone with it.
 */
public final class Rehearsal {
    /** Takes a message to bytes and back, as if it went to another node. */
    @FunctionalInterface
    public interface Wire {
        PeerMessage.ForGroup carry(PeerMessage.ForGroup message);
    }

    /**
     * What came of it.
     *
     * @param acknowledged batches that the group's log has
     * @param sentAway     batches that were refused because another replica had come to lead
     */
    public record Outcome(int acknowledged, int sentAway) {}

    private static final int PLAYERS = 3;
    private static final int BATCHES = 8;
    private static final int TICK_MILLIS = 20;
    /** So many election timeouts each part may take. */
    private static final int PATIENCE = 20;

    private static final int MAX_BATCH_BYTES = 1 << 16;
    private static final RaftConfig RAFT = new RaftConfig(20, 3, 1 << 20, 1 << 20, 16, 1 << 20, 1 << 20);
    private static final LogStoreConfig LOG = new LogStoreConfig(1 << 20, 0, 4096, false);

    private final Wire wire;
    private final RehearsalLoop stage = new RehearsalLoop(TICK_MILLIS);
    private final List<Player> players;
    private Optional<Throwable> bug = Optional.empty();
    private int acknowledged;
    private int sentAway;

    private Rehearsal(Disk disk, Path nowhere, Wire wire) {
        this.wire = wire;
        List<NodeId> members =
                IntStream.rangeClosed(1, PLAYERS).mapToObj(NodeId::new).toList();
        this.players = members.stream()
                .map(self -> new Player(self, new Membership(members), disk, nowhere))
                .toList();
    }

    /**
     * Plays it through, on the caller's thread.
     *
     * @param disk    has nothing at {@code nowhere}, and gets nothing
     * @throws IllegalStateException if it takes another course, which no real group should either
     */
    public static Outcome play(Disk disk, Path nowhere, Wire wire) {
        Rehearsal rehearsal = new Rehearsal(disk, nowhere, wire);
        rehearsal.play();
        return new Outcome(rehearsal.acknowledged, rehearsal.sentAway);
    }

    private void play() {
        Player former = leader();
        append(former);
        await("the batches are acknowledged", () -> acknowledged == BATCHES);

        AppendTarget target = target(former);
        former.balancer.leave(() -> former.hasLeft = true);
        append(target);
        await("those that come meanwhile are sent away", () -> sentAway == BATCHES);

        Player successor = leader();
        append(successor);
        await("the new leader takes them", () -> acknowledged == 2 * BATCHES);
        await("the former one leaves", () -> former.hasLeft);

        former.end();
        players.forEach(player -> player.partition.disconnected(former.self));
        append(successor);
        await("the other two go on", () -> acknowledged == 3 * BATCHES);
        players.forEach(Player::end);
        stage.settle();
    }

    private Player leader() {
        await("one of them leads", () -> players.stream().anyMatch(Player::leads));
        return players.stream().filter(Player::leads).findFirst().orElseThrow();
    }

    private static AppendTarget target(Player leader) {
        if (leader.partition.openAppend(OptionalLong.empty()) instanceof Result.Ok<AppendTarget> opened) {
            return opened.value();
        }
        throw new IllegalStateException(leader.self + " leads and takes no appends");
    }

    private void append(Player leader) {
        append(target(leader));
    }

    private void append(AppendTarget target) {
        for (int i = 0; i < BATCHES; i++) {
            target.append(batch(), new AppendListener() {
                @Override
                public void onCommitted(long baseOffset, long generation, boolean duplicate) {
                    acknowledged++;
                }

                @Override
                public void onRefused(Refusal refusal) {
                    sentAway++;
                }
            });
        }
    }

    private static Payload batch() {
        RecordBatchBuilder batch = new RecordBatchBuilder(MAX_BATCH_BYTES / 64);
        batch.append(0, null, new byte[] {1});
        return Payload.wrap(batch.build(0, 0, 0));
    }

    private void await(String what, BooleanSupplier condition) {
        stage.settle();
        for (int tick = 0; !condition.getAsBoolean() && tick < PATIENCE * RAFT.electionTimeoutTicks(); tick++) {
            stage.tick();
            players.forEach(Player::tick);
            stage.settle();
        }
        if (bug.isPresent() || !condition.getAsBoolean()) {
            throw new IllegalStateException("a rehearsal does not come to where " + what, bug.orElse(null));
        }
    }

    /** A node with nothing but its replica of the group. */
    private final class Player implements Transport, Whereabouts {
        private final NodeId self;
        private final GuardedLoop loop = new GuardedLoop(stage, failure -> bug = Optional.of(failure));
        private final TurnScheduler turns = new TurnScheduler(loop, stage);
        private final PartitionReplica partition;
        private final LeaderBalancer balancer;
        private boolean hasLeft;
        private boolean ended;

        private Player(NodeId self, Membership members, Disk disk, Path nowhere) {
            this.self = self;
            DiskLimits limits = new DiskLimits(Integer.MAX_VALUE, 0, 0, 1);
            DiskSpace space = new DiskSpace(self, loop, stage, disk, nowhere, limits, ReplicaObserver.NONE);
            ReplicaHost host = new ReplicaHost(
                    self,
                    loop,
                    RAFT,
                    turns,
                    turns.watchDisk(self, limits, TICK_MILLIS, space, ReplicaObserver.NONE),
                    this,
                    stage,
                    stage,
                    this,
                    new InflightBudget(Long.MAX_VALUE),
                    new TailBudget(Long.MAX_VALUE),
                    new SnapshotBudget(),
                    new RepairQueue(),
                    new ScrubPace(loop.clock(), ScrubSettings.DEFAULT),
                    ReplicaObserver.NONE);
            LogStore store = LogStore.inMemory(
                    disk,
                    nowhere.resolve(self.toString()),
                    new StoreIdentity("rehearsal", self.value(), GroupName.REHEARSAL.groupId()),
                    LOG);
            partition = new PartitionReplica(
                    host,
                    GroupName.REHEARSAL,
                    GroupLog.of(store),
                    log -> new RaftCore(
                            RAFT,
                            self,
                            log.membershipHistory(members),
                            log.store().recovered(),
                            new Prng(self.value())),
                    MAX_BATCH_BYTES,
                    Retention.FOR_EVER);
            balancer = new LeaderBalancer(
                    host, () -> List.of(new LeaderBalancer.Member(partition.replica(), Optional.empty())));
        }

        private boolean leads() {
            return !ended && partition.replica().isReadyLeader();
        }

        private void tick() {
            if (!ended) {
                turns.ticked().tick();
                balancer.tick();
            }
        }

        private void end() {
            if (!ended) {
                ended = true;
                partition.stop(Refusals.shuttingDown(), () -> {});
            }
        }

        private void receive(PeerMessage.ForGroup message, NodeId from) {
            if (!ended) {
                partition.step(from, message.message());
            }
        }

        @Override
        public void send(NodeId to, PeerMessage message) {
            if (message instanceof PeerMessage.ForGroup forGroup) {
                PeerMessage.ForGroup arrived = wire.carry(forGroup);
                players.get(to.value() - 1).loop.execute(() -> players.get(to.value() - 1)
                        .receive(arrived, self));
            }
        }

        @Override
        public void start(Receiver receiver) {}

        @Override
        public void reach(NodeId peer, String address) {}

        @Override
        public void forget(NodeId peer) {}

        @Override
        public void close() {}

        @Override
        public Refusal elsewhere(GroupName group, Membership voters) {
            return Refusal.of(Reason.NOT_LEADER, self + " does not lead").with("generation", 0);
        }

        @Override
        public Optional<Refusal> noQuorum(GroupName group, Membership voters) {
            return Optional.empty();
        }

        @Override
        public Optional<NodeId> leaderOf(GroupName group) {
            return partition.replica().core().leader();
        }

        @Override
        public void observed(GroupName group, long generation, Optional<NodeId> leader) {}

        @Override
        public void withdrawn(GroupName group) {}
    }
}
