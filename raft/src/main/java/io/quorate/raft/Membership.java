/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.quorum.Majority;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Who counts. Sorted, so that iteration is the same on every run.
 *
 * <pre>
 *   simple   voters                    a majority of them decides
 *   joint    voters and outgoing       a majority of each decides (paper §6): on the way from the one to the other
 * </pre>
 *
 * @param voters   at least one, without duplicates
 * @param outgoing the former voters of a joint membership; empty for a simple one
 * @param learners receive the log and do not count; never voters of either kind
 * @param version  0 or more: of the wish that this fulfils or leads to, for whoever decides elsewhere who the members are to
 *                 be. A group that has come to a version goes back to no earlier one, whoever leads it and however little
 *                 that one has heard of later wishes
 */
public record Membership(List<NodeId> voters, List<NodeId> outgoing, List<NodeId> learners, int version) {
    /** Of each kind: far above any sensible group, and a bound for what is decoded. */
    public static final int MAX_NODES = 64;

    public Membership {
        voters = voters.stream().sorted().distinct().toList();
        outgoing = outgoing.stream().sorted().distinct().toList();
        learners = learners.stream().sorted().distinct().toList();
        if (version < 0) {
            throw new IllegalArgumentException("version " + version);
        }
        if (voters.isEmpty()) {
            throw new IllegalArgumentException("a group needs a voter");
        }
        if (Math.max(voters.size(), Math.max(outgoing.size(), learners.size())) > MAX_NODES) {
            throw new IllegalArgumentException("more than " + MAX_NODES + " nodes of a kind");
        }
        for (NodeId learner : learners) {
            if (voters.contains(learner) || outgoing.contains(learner)) {
                throw new IllegalArgumentException(learner + " cannot be a learner and a voter");
            }
        }
    }

    /** Of version 0. */
    public Membership(List<NodeId> voters, List<NodeId> outgoing, List<NodeId> learners) {
        this(voters, outgoing, learners, 0);
    }

    /** Voters only, of version 0. */
    public Membership(List<NodeId> voters) {
        this(voters, 0);
    }

    /** Voters only. */
    public Membership(List<NodeId> voters, int version) {
        this(voters, List.of(), List.of(), version);
    }

    public boolean isJoint() {
        return !outgoing.isEmpty();
    }

    public boolean isVoter(NodeId node) {
        return voters.contains(node) || outgoing.contains(node);
    }

    public boolean isMember(NodeId node) {
        return isVoter(node) || learners.contains(node);
    }

    /** Whether this node alone decides. */
    public boolean isOnlyVoter(NodeId node) {
        return !isJoint() && voters.size() == 1 && voters.contains(node);
    }

    /** All members but this one, by id. */
    public List<NodeId> others(NodeId self) {
        TreeSet<NodeId> others = new TreeSet<>(voters);
        others.addAll(outgoing);
        others.addAll(learners);
        others.remove(self);
        return List.copyOf(others);
    }

    /** How many votes or copies decide: more than half of the voters. Of a joint membership this is not enough. */
    public int quorum() {
        return Majority.of(voters.size());
    }

    /** The sets of voters of which each must have a majority: one, or two if joint. */
    public List<List<NodeId>> electorates() {
        return isJoint() ? List.of(voters, outgoing) : List.of(voters);
    }

    /** The highest value that a quorum has reached. */
    public long agreed(ToLongFunction<NodeId> reached) {
        long agreed = Long.MAX_VALUE;
        for (List<NodeId> electorate : electorates()) {
            long[] values = electorate.stream().mapToLong(reached).toArray();
            agreed = Math.min(agreed, Majority.agreedIndex(values));
        }
        return agreed;
    }

    /** Whether those for which {@code holds} is true are a quorum. */
    public boolean hasQuorum(Predicate<NodeId> holds) {
        return agreed(node -> holds.test(node) ? 1 : 0) == 1;
    }

    /** What a joint membership leads to. */
    Membership settled() {
        return new Membership(voters, List.of(), learners, version);
    }

    /**
     * As in the payload of a MEMBERSHIP entry: three lists, each a count and ids of 4 bytes, and the version of 4 bytes unless it
     * is 0; big-endian.
     */
    public Payload encode() {
        List<List<NodeId>> lists = List.of(voters, outgoing, learners);
        int words = 3 + voters.size() + outgoing.size() + learners.size() + (version == 0 ? 0 : 1);
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * words);
        for (List<NodeId> list : lists) {
            bytes.putInt(list.size());
            list.forEach(node -> bytes.putInt(node.value()));
        }
        if (version != 0) {
            bytes.putInt(version);
        }
        return Payload.wrap(bytes.array());
    }

    /** Empty if these bytes are no membership. */
    public static Optional<Membership> decode(Payload payload) {
        try {
            ByteBuffer bytes = payload.asReadOnlyBuffer();
            Membership decoded = new Membership(
                    nodes(bytes), nodes(bytes), nodes(bytes), bytes.hasRemaining() ? versionAbove0(bytes.getInt()) : 0);
            return bytes.hasRemaining() ? Optional.empty() : Optional.of(decoded);
        } catch (BufferUnderflowException | IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    private static int versionAbove0(int version) {
        if (version == 0) {
            throw new IllegalArgumentException("version 0 is not written");
        }
        return version;
    }

    private static List<NodeId> nodes(ByteBuffer bytes) {
        int count = bytes.getInt();
        if (count < 0 || count > MAX_NODES) {
            throw new IllegalArgumentException(count + " nodes");
        }
        List<NodeId> nodes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            nodes.add(new NodeId(bytes.getInt()));
        }
        return nodes;
    }
}
