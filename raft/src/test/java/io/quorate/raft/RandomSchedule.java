/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A whole group under one random schedule: ticks, deliveries, completions, crashes and restarts come in any order, members
 * are cut off, messages are lost, doubled, overtaken and outlive their senders, leadership is handed over, members come and
 * go, snapshots are taken. {@link ProtocolChecker} looks on at every step. Then all is healed, and the group must agree
 * within a bounded time. A seed has its own mixture of faults.
 */
final class RandomSchedule implements SimMember.Observer {
    private static final int ELECTION_TIMEOUT = 10;
    private static final int STEPS_MIN = 1500;
    private static final int STEPS_MAX = 4000;

    private final Prng random;
    private final List<SimMember> members = new ArrayList<>();
    private final RandomNetwork network;
    private final ProtocolChecker checker = new ProtocolChecker();
    private final int crashPerMille;
    private final int tickPercent;
    private final int disconnectPerMille;
    private int proposals;
    private int reads;
    /** Ticks in which some member rested. */
    private long restings;

    /** Disks that read slowly answer when the leadership that has asked is long over. */
    private final int readWeight;
    /** 0: none are taken. */
    private final int snapshotWeight;
    /** Only three of the five are members at first, and who is one changes all the time. */
    private final boolean churn;
    /** Most ticks come to all at about the same time, so that more of them come in all. */
    private final boolean together;
    /** With leases, clocks must be about equal: all members tick together. */
    private final boolean leases;
    /** Idle groups rest, and drivers watch each other's nodes. */
    private final int quiesceAfterTicks;
    /** By member: for how many of its ticks it has heard nothing of each other node. */
    private final int[][] silentTicks;

    /**
     * @param size of the group, counting those that are no members at first
     * @param seed decides everything
     */
    RandomSchedule(int size, long seed) {
        random = new Prng(seed);
        silentTicks = new int[size + 1][size + 1];
        Prng ofRest = new Prng(~seed);
        quiesceAfterTicks = ofRest.nextInt(3) == 0 ? 0 : 1 + ofRest.nextInt(8);
        // Every seed has its own mixture, so that some faults are rare and others frequent.
        network = new RandomNetwork(random, size);
        crashPerMille = random.nextInt(15);
        disconnectPerMille = random.nextInt(10);
        leases = random.nextInt(3) == 0;
        together = random.nextInt(2) == 0;
        tickPercent = leases || together ? 3 + random.nextInt(20) : 10 + random.nextInt(50);
        readWeight = List.of(15, 5, 1).get(random.nextInt(3));
        snapshotWeight = List.of(0, 0, 3, 12).get(random.nextInt(4));
        int appendBytes = 100 + random.nextInt(400);
        RaftConfig config = new RaftConfig(
                ELECTION_TIMEOUT,
                2,
                ofRest.nextInt(8) == 0 ? 1 : appendBytes,
                200 + random.nextInt(800),
                1 + random.nextInt(6),
                2000,
                random.nextInt(600),
                leases ? 1 + random.nextInt(8) : 0,
                quiesceAfterTicks);
        churn = size == 5 && random.nextInt(2) == 0;
        Membership membership = new Membership(
                IntStream.rangeClosed(1, churn ? 3 : size).mapToObj(NodeId::new).toList());
        for (NodeId id : IntStream.rangeClosed(1, size).mapToObj(NodeId::new).toList()) {
            SimMember member = new SimMember(id, config, membership, new SimDisk(), this);
            member.start(random.nextLong());
            members.add(member);
        }
    }

    /**
     * @throws PropertyViolation  at the first step that breaks a property
     * @throws InvariantViolation if a member contradicts itself
     */
    void run() {
        int steps = STEPS_MIN + random.nextInt(STEPS_MAX - STEPS_MIN);
        for (int step = 0; step < steps; step++) {
            oneStep();
        }
        heal();
        for (int round = 0; round < 200 && !isConverged(); round++) {
            calmRound();
        }
        requireConvergence(isConverged(), "no agreement");
        long before = checker.committed().size();
        leader().core().propose(proposal());
        members.forEach(this::ask);
        for (int round = 0; round < 20; round++) {
            calmRound();
        }
        requireConvergence(checker.committed().size() > before, "no progress");
        requireConvergence(checker.unansweredReads() == 0, "reads without an outcome");
        for (SimMember member : present().toList()) {
            requireConvergence(leader().state().equals(member.state()), "another state at " + member);
            requireConvergence(leader().lastIndex() == member.lastIndex(), "another log at " + member);
        }
    }

    private void requireConvergence(boolean holds, String otherwise) {
        if (!holds) {
            throw new PropertyViolation(
                    ProtocolProperty.CONVERGENCE, "the healed group", otherwise + ": " + describe());
        }
    }

    private void oneStep() {
        network.onStep(leading().stream().map(SimMember::id).toList());
        SimMember member = members.get(random.nextInt(members.size()));
        int dice = random.nextInt(1000);
        if (!member.isUp()) {
            if (dice < 60) {
                member.start(random.nextLong());
            }
            return;
        }
        if (dice < crashPerMille) {
            member.crash(random.nextInt(member.writesInFlight() + 1));
            checker.onCrashed(member);
            return;
        }
        if (dice < crashPerMille + disconnectPerMille) {
            disconnect(random.nextInt(2) == 0 ? member : someLeader().orElse(member));
        }
        switch (pick(
                tickPercent,
                50,
                25,
                15,
                8,
                leases ? 15 : 5,
                network.cameBackAlone() ? 30 : network.deposesLeaders() ? 5 : 2,
                snapshotWeight,
                churn ? 2 : 0,
                readWeight)) {
            case 0 -> tick(member);
            case 1 -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    network.next().ifPresent(this::deliver);
                }
            }
            case 2 -> completeSomeWrites();
            case 3 -> propose(random.nextInt(3) == 0 ? member : someLeader().orElse(member));
            case 4 ->
                member.applyUpTo(member.appliedIndex()
                        + random.nextInt((int) (member.commitIndex() - member.appliedIndex()) + 1));
            case 5 -> ask(member);
            case 6 ->
                (network.cameBackAlone() ? someLeader().orElse(member) : member)
                        .core()
                        .transferLeadership(heir());
            case 7 -> member.takeSnapshot(member.appliedIndex() + 1 - random.nextInt(8));
            case 8 -> changeMembership(member);
            default -> completeSomeRead();
        }
        // Mostly at once, but some turns take several inputs.
        if (member.isUp() && random.nextInt(4) != 0) {
            drain(member);
        }
    }

    /** The member notices, and mostly the other one too; what was on its way may be lost or may come from before. */
    private void disconnect(SimMember member) {
        SimMember other = members.get(random.nextInt(members.size()));
        if (random.nextInt(3) > 0) {
            network.breakConnection(other.id(), member.id());
        }
        member.core().disconnected(other.id());
        if (snapshotWeight > 0 && random.nextInt(2) == 0) {
            // Just now, before it is known again what the other one has.
            member.takeSnapshot(member.appliedIndex() + 1 - random.nextInt(2));
        }
        if (other.isUp() && random.nextInt(3) > 0) {
            other.core().disconnected(member.id());
            drain(other);
        }
    }

    /** Who leads or believes so. */
    private List<SimMember> leading() {
        return members.stream()
                .filter(member -> member.isUp() && member.core().role() == RaftCore.Role.LEADER)
                .toList();
    }

    private Optional<SimMember> someLeader() {
        List<SimMember> leading = leading();
        return leading.isEmpty() ? Optional.empty() : Optional.of(leading.get(random.nextInt(leading.size())));
    }

    private void tick(SimMember member) {
        if (!leases && !together) {
            tickOne(member);
            return;
        }
        for (SimMember each : members) {
            if (each.isUp() && (leases || random.nextInt(8) > 0)) {
                tickOne(each);
                drain(each);
            }
        }
    }

    private void completeSomeRead() {
        List<SimMember> reading = members.stream()
                .filter(member -> member.isUp() && member.readsInFlight() > 0)
                .toList();
        if (!reading.isEmpty()) {
            SimMember member = reading.get(random.nextInt(reading.size()));
            member.completeRead(random.nextInt(5) == 0);
            drain(member);
        }
    }

    /** What a driver does with each tick. */
    private void tickOne(SimMember member) {
        checker.onTick(member);
        member.core().tick();
        restings += member.core().isQuiescent() ? 1 : 0;
        int self = member.id().value();
        for (SimMember other : members) {
            int peer = other.id().value();
            if (other == member) {
                continue;
            }
            boolean heard = other.isUp() && !network.isCut(other.id(), member.id());
            silentTicks[self][peer] = heard ? 0 : silentTicks[self][peer] + 1;
            if (silentTicks[self][peer] == ELECTION_TIMEOUT) {
                member.core().silent(other.id(), ELECTION_TIMEOUT);
            }
            // What a node tells of all that it leads wakes who believes otherwise.
            if (heard
                    && random.nextInt(ELECTION_TIMEOUT) == 0
                    && member.core().leader().equals(Optional.of(other.id()))
                    && !leads(other, member.core().term())) {
                member.core().wake();
            }
        }
    }

    private static boolean leads(SimMember member, long term) {
        return member.core().role() == RaftCore.Role.LEADER && member.core().term() == term;
    }

    /** In how many ticks some member rested. */
    long restings() {
        return restings;
    }

    /** Mostly whoever was cut off as a leader: what was meant for its former leadership finds it leading again. */
    private NodeId heir() {
        return network.deposed()
                .filter(candidate -> random.nextInt(4) > 0)
                .orElseGet(() -> new NodeId(1 + random.nextInt(members.size())));
    }

    private void changeMembership(SimMember member) {
        List<NodeId> voters = new ArrayList<>();
        List<NodeId> learners = new ArrayList<>();
        for (SimMember each : members) {
            switch (random.nextInt(4)) {
                case 0 -> learners.add(each.id());
                case 1 -> {}
                default -> voters.add(each.id());
            }
        }
        if (!voters.isEmpty()) {
            member.core().changeMembership(new Membership(voters, List.of(), learners));
        }
    }

    private void ask(SimMember member) {
        reads++;
        checker.onAsked(member, reads);
        member.core().readIndex(reads);
    }

    private int pick(int... weights) {
        int point = random.nextInt(IntStream.of(weights).sum());
        int choice = 0;
        while (point >= weights[choice]) {
            point -= weights[choice];
            choice++;
        }
        return choice;
    }

    private void propose(SimMember member) {
        ProposeResult result = member.core().propose(proposal());
        if (result instanceof ProposeResult.Admitted admitted) {
            ProtocolChecker.check(
                    member.core().lastIndex() == admitted.id().index(),
                    ProtocolProperty.OUTPUTS_ARE_ANNOUNCED,
                    member,
                    admitted::toString);
        }
    }

    private Proposal proposal() {
        proposals++;
        Payload payload = Payload.utf8("p" + proposals + "x".repeat(random.nextInt(60)));
        return random.nextInt(4) == 0
                ? new Proposal(EntryType.COMMAND, 0, proposals, payload)
                : new Proposal(EntryType.RECORDS, 1 + random.nextInt(3), proposals, payload);
    }

    private void completeSomeWrites() {
        List<SimMember> writing = members.stream()
                .filter(member -> member.isUp() && member.writesInFlight() > 0)
                .toList();
        if (!writing.isEmpty()) {
            SimMember member = writing.get(random.nextInt(writing.size()));
            member.completeWrites(1 + random.nextInt(member.writesInFlight()));
            if (random.nextInt(4) != 0) {
                drain(member);
            }
        }
    }

    private void deliver(RandomNetwork.InTransit next) {
        SimMember target = members.get(next.envelope().to().value() - 1);
        if (target.isUp()) {
            checker.onDelivered(next.from(), next.envelope().message());
            target.core().step(next.from(), next.envelope().message());
            if (random.nextInt(3) != 0) {
                drain(target);
            }
        }
    }

    private void drain(SimMember member) {
        boolean announced = member.core().hasOutputs();
        Outputs outputs = member.drain();
        boolean anything = !outputs.persist().isEmpty()
                || !outputs.sendNow().isEmpty()
                || !outputs.sendAfterPersist().isEmpty()
                || !outputs.loads().isEmpty()
                || !outputs.reads().isEmpty()
                || !outputs.snapshotLoads().isEmpty()
                || outputs.restore().isPresent()
                || !outputs.events().isEmpty();
        if (anything && !announced || member.core().hasOutputs()) {
            throw new PropertyViolation(ProtocolProperty.OUTPUTS_ARE_ANNOUNCED, member, outputs.toString());
        }
    }

    private void heal() {
        network.heal();
        for (SimMember member : members) {
            if (!member.isUp()) {
                member.start(random.nextLong());
            }
        }
    }

    /** A tick everywhere, and all that follows from it. */
    private void calmRound() {
        members.forEach(this::tickOne);
        boolean busy = true;
        while (busy) {
            busy = !network.isEmpty();
            while (!network.isEmpty()) {
                RandomNetwork.InTransit next = network.next().orElseThrow();
                checker.onDelivered(next.from(), next.envelope().message());
                members.get(next.envelope().to().value() - 1)
                        .core()
                        .step(next.from(), next.envelope().message());
            }
            for (SimMember member : members) {
                busy |= member.core().hasOutputs() || member.writesInFlight() > 0;
                drain(member);
                member.completeWrites(member.writesInFlight());
                while (member.readsInFlight() > 0) {
                    member.completeRead(false);
                }
                member.applyUpTo(member.commitIndex());
            }
        }
    }

    private SimMember leader() {
        return members.stream()
                .filter(member -> member.core().role() == RaftCore.Role.LEADER)
                .max((a, b) -> Long.compare(a.core().term(), b.core().term()))
                .orElseThrow();
    }

    private boolean isConverged() {
        if (members.stream().noneMatch(member -> member.core().role() == RaftCore.Role.LEADER)) {
            return false;
        }
        RaftCore core = leader().core();
        return core.transferTarget().isEmpty()
                && !core.membership().isJoint()
                && core.membership().isVoter(core.self())
                && present()
                        .allMatch(member ->
                                member.core().term() == core.term() && member.commitIndex() == core.lastIndex());
    }

    /** Who is a member in the end. */
    private Stream<SimMember> present() {
        Membership membership = leader().core().membership();
        return members.stream().filter(member -> membership.isMember(member.id()));
    }

    private String describe() {
        StringBuilder text = new StringBuilder();
        for (SimMember member : members) {
            text.append(member)
                    .append(' ')
                    .append(member.core().role())
                    .append(" t")
                    .append(member.core().term())
                    .append(" last ")
                    .append(member.core().lastIndex())
                    .append(" commit ")
                    .append(member.commitIndex())
                    .append(' ')
                    .append(member.core().followers())
                    .append("; ");
        }
        return text.toString();
    }

    @Override
    public void onDrained(SimMember member, Outputs outputs) {
        checker.onDrained(member, outputs, members);
        if (outputs.events().stream().anyMatch(RaftEvent.BecameLeader.class::isInstance)) {
            network.welcome(member.id());
        }
    }

    @Override
    public void onSent(SimMember member, Envelope envelope) {
        checker.onSent(member, envelope);
        network.send(member.id(), envelope);
    }
}
