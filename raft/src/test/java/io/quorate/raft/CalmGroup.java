/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * A group whose messages arrive in order and whose disks answer at once, unless a test wants otherwise: who is cut off, who
 * dies and after how many messages. {@link ProtocolChecker} looks on at every step.
 */
final class CalmGroup implements SimMember.Observer {
    private static final int ROUNDS_MAX = 300;
    private static final RaftConfig CONFIG = new RaftConfig(10, 2, 200, 1_000, 4, 2_000, 300, 0);

    private record InTransit(NodeId from, Envelope envelope) {}

    private final ProtocolChecker checker = new ProtocolChecker();
    private final List<SimMember> members = new ArrayList<>();
    private final ArrayDeque<InTransit> network = new ArrayDeque<>();
    private final Set<NodeId> cutOff = new TreeSet<>();
    private int proposals;
    private long starts;
    private int delivered;

    /**
     * @param nodes  numbered from 1
     * @param voters so many of them, the first ones, are the members at first
     */
    CalmGroup(int nodes, int voters) {
        for (NodeId id : ids(IntStream.rangeClosed(1, nodes))) {
            SimMember member = new SimMember(id, CONFIG, voters(IntStream.rangeClosed(1, voters)), new SimDisk(), this);
            members.add(member);
            start(id.value());
        }
    }

    static Membership voters(int... ids) {
        return voters(IntStream.of(ids));
    }

    private static Membership voters(IntStream ids) {
        return new Membership(ids(ids));
    }

    private static List<NodeId> ids(IntStream ids) {
        return ids.mapToObj(NodeId::new).toList();
    }

    SimMember member(int id) {
        return members.get(id - 1);
    }

    RaftCore core(int id) {
        return member(id).core();
    }

    // ---- what befalls it

    void start(int id) {
        starts++;
        member(id).start(31 * starts + id);
    }

    /** Its disk keeps what it has. */
    void crash(int id) {
        member(id).crash(0);
        checker.onCrashed(member(id));
    }

    /** These hear nobody, and nobody hears them; all others hear each other. */
    void cut(int... ids) {
        cutOff.clear();
        cutOff.addAll(ids(IntStream.of(ids)));
    }

    void heal() {
        cutOff.clear();
    }

    /** Sees to it that this one leads, and returns at once then: what it says is still on the way. */
    void elect(int id) {
        members.stream().filter(SimMember::isUp).forEach(member -> member.core().holdBack(!member.equals(member(id))));
        for (int round = 0; round < ROUNDS_MAX && !leads(id); round++) {
            tickAll();
            while (!leads(id) && deliverNext()) {
                // Until there is nothing more to deliver.
            }
        }
        members.stream().filter(SimMember::isUp).forEach(member -> member.core().holdBack(false));
        ProtocolChecker.check(leads(id), ProtocolProperty.CONVERGENCE, "n" + id, () -> "is not elected");
    }

    private boolean leads(int id) {
        return core(id).role() == RaftCore.Role.LEADER;
    }

    // ---- time

    /** A tick everywhere and all that follows from it, so many times. */
    void rounds(int count) {
        for (int round = 0; round < count; round++) {
            tickAll();
            while (deliverNext()) {
                // Until there is nothing more to deliver.
            }
        }
    }

    void await(String what, BooleanSupplier condition) {
        for (int round = 0; round < ROUNDS_MAX && !condition.getAsBoolean(); round++) {
            rounds(1);
        }
        ProtocolChecker.check(condition.getAsBoolean(), ProtocolProperty.CONVERGENCE, "the group", () -> "no " + what);
    }

    /** How many messages have been delivered. */
    int delivered() {
        return delivered;
    }

    private void tickAll() {
        for (SimMember member : members) {
            if (member.isUp()) {
                tick(member.id().value());
            }
        }
    }

    void tick(int id) {
        checker.onTick(member(id));
        core(id).tick();
        settle(member(id));
    }

    /** One message, and what its receiver makes of it. False if there is none. */
    boolean deliverNext() {
        InTransit next = network.poll();
        if (next == null) {
            return false;
        }
        delivered++;
        SimMember target = members.get(next.envelope().to().value() - 1);
        if (target.isUp() && !cutOff.contains(next.from()) && !cutOff.contains(target.id())) {
            checker.onDelivered(next.from(), next.envelope().message());
            target.core().step(next.from(), next.envelope().message());
            settle(target);
        }
        return true;
    }

    /** Its disk does at once what it is asked for. */
    private void settle(SimMember member) {
        do {
            member.drain();
            member.completeWrites(member.writesInFlight());
            while (member.readsInFlight() > 0) {
                member.completeRead(false);
            }
            member.applyUpTo(member.commitIndex());
        } while (member.core().hasOutputs());
    }

    // ---- use

    SimMember leader() {
        return members.stream()
                .filter(member -> member.isUp() && member.core().role() == RaftCore.Role.LEADER)
                .max((a, b) -> Long.compare(a.core().term(), b.core().term()))
                .orElseThrow();
    }

    boolean hasLeader() {
        return members.stream()
                .anyMatch(member -> member.isUp() && member.core().role() == RaftCore.Role.LEADER);
    }

    int committed() {
        return checker.committed().size();
    }

    /** Appends by whoever leads. */
    void propose() {
        proposals++;
        SimMember leader = leader();
        leader.core().propose(new Proposal(EntryType.RECORDS, 1, proposals, Payload.utf8("p" + proposals)));
        settle(leader);
    }

    MembershipResult change(SimMember leader, Membership wanted) {
        MembershipResult result = leader.core().changeMembership(wanted);
        settle(leader);
        return result;
    }

    /** Asks whoever leads, again and again and appending meanwhile, until it is so; then all members learn it. */
    void become(Membership wanted) {
        await(wanted.toString(), () -> {
            if (!hasLeader()) {
                return false;
            }
            propose();
            if (leader().core().membership().equals(wanted)) {
                return true;
            }
            change(leader(), wanted);
            return false;
        });
        await("agreement on " + wanted, () -> hasLeader() && isAgreedOn(wanted));
    }

    /** Whether all members know this membership and everything that their leader has. */
    boolean isAgreedOn(Membership wanted) {
        long last = leader().lastIndex();
        return wanted.voters().stream()
                .map(id -> member(id.value()))
                .allMatch(member ->
                        member.isUp() && member.core().membership().equals(wanted) && member.commitIndex() == last);
    }

    @Override
    public void onDrained(SimMember member, Outputs outputs) {
        checker.onDrained(member, outputs, all());
    }

    private Collection<SimMember> all() {
        return members;
    }

    @Override
    public void onSent(SimMember member, Envelope envelope) {
        checker.onSent(member, envelope);
        network.add(new InTransit(member.id(), envelope));
    }
}
