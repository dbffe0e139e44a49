/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import io.quorate.raft.TransferResult;
import io.quorate.raft.log.NodeId;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Moves leaderships between nodes in good order: back to the preferred replica of each group while the node runs, and away
 * from this node before it stops.
 *
 * <p>Gently: while the node runs, one group at a time, at most one per {@link #PAUSE} election timeouts, only after this
 * node has led it for {@link #SETTLED} of them, and only to a replica that is there, has everything that is committed and
 * has room on its disk. A group whose transfer failed is left alone for {@link #BACKOFF} of them. A transfer costs the
 * group's writers about a round trip; one that fails costs them an election timeout.
 *
 * <p>All times in minimum election timeouts, counted in ticks. Event loop only.
 */
public final class LeaderBalancer {
    static final int PAUSE = 2;
    static final int SETTLED = 10;
    static final int BACKOFF = 100;
    /** How long a node that stops waits for others to take over, after the last time that one did. */
    static final int FAREWELL = 2;
    /** How long a node that has handed over all goes on for those that it has sent elsewhere. */
    static final int SEND_OFF = 1;
    /** A node that stops hands over so many groups at a time: each then costs its writers no more than one alone would. */
    static final int WINDOW = 8;

    /** After so long what is left goes all at once: whoever waits for the node to stop does not wait for ever. */
    private static final long PATIENCE_MILLIS = 3_000;
    /** How soon a node that stops looks who has taken over. */
    private static final long LOOK_NANOS = 2_000_000;

    /**
     * A group's member on this node.
     *
     * @param preferred who should lead the group if all are well; empty if that is all the same
     */
    public record Member(Replica replica, Optional<NodeId> preferred) {
        boolean leads() {
            return replica.isRunning()
                    && replica.core().role() == RaftCore.Role.LEADER
                    && replica.core().membership().voters().size() > 1;
        }
    }

    private static final class Led {
        final long term;
        final long since;
        long retryAt;

        Led(long term, long since) {
            this.term = term;
            this.since = since;
        }
    }

    private final ReplicaHost host;
    private final Supplier<List<Member>> members;
    private final int electionTimeoutTicks;
    private final SortedMap<Long, Led> led = new TreeMap<>();
    private long now;
    private long nextCheck;
    private Optional<Farewell> farewell = Optional.empty();

    /** @param members of this node now, by group id */
    public LeaderBalancer(ReplicaHost host, Supplier<List<Member>> members) {
        this.host = host;
        this.members = members;
        this.electionTimeoutTicks = host.raft().electionTimeoutTicks();
    }

    /** To be called once per tick, after the replicas' own ticks. */
    public void tick() {
        now++;
        if (farewell.isEmpty() && now >= nextCheck) {
            nextCheck = now + (long) PAUSE * electionTimeoutTicks;
            balance();
        }
    }

    /**
     * Hands over whatever this node leads, {@link #WINDOW} groups at a time, as far as there is anybody to take it; when all
     * has been taken and those that wrote to it are served elsewhere, or the time is up, runs {@code onLeft}. Once.
     *
     * <p>To stop is work for all nodes: connections break, members are missed. Writers that have just been sent away would
     * wait behind it.
     */
    public void leave(Runnable onLeft) {
        farewell = Optional.of(new Farewell(onLeft));
        farewell.get().goOn();
    }

    /** The last thing that a node does with its leaderships. */
    private final class Farewell {
        private final Runnable onLeft;
        private final long hurryAt;
        /** Group ids, of those that this node led and nobody is known to have taken yet. */
        private final TreeSet<Long> handedOver = new TreeSet<>();
        /** How many groups each was given: the leaderships of one node are for all the others. */
        private final SortedMap<NodeId, Integer> given = new TreeMap<>();

        private long waitUntil;
        private long sendOffUntil;

        private Farewell(Runnable onLeft) {
            this.onLeft = onLeft;
            this.hurryAt = now + PATIENCE_MILLIS / host.disk().tickMillis();
            this.waitUntil = now + (long) FAREWELL * electionTimeoutTicks;
        }

        private void goOn() {
            List<Member> all = members.get();
            int underWay = awaited(all);
            int window = now < hurryAt ? WINDOW : Integer.MAX_VALUE;
            for (Member member : all) {
                if (underWay < window && member.leads() && !isUnderWay(member) && handOverToBest(member)) {
                    underWay++;
                }
            }
            boolean waits = underWay > 0 ? now < waitUntil : now < sendOffUntil && anySentAway(all);
            if (waits) {
                host.loop().schedule(LOOK_NANOS, this::goOn);
            } else {
                onLeft.run();
            }
        }

        private static boolean anySentAway(List<Member> all) {
            return all.stream().anyMatch(member -> member.replica().hasSentAway());
        }

        /** How many groups are being handed over, or have been and it is not known yet who has taken them. */
        private int awaited(List<Member> all) {
            int awaited = 0;
            for (Member member : all) {
                long groupId = member.replica().name().groupId();
                if (isUnderWay(member)) {
                    handedOver.add(groupId);
                    awaited++;
                } else if (handedOver.contains(groupId) && !member.leads()) {
                    // Whoever comes here meanwhile is to be told where to go.
                    if (member.replica().isRunning()
                            && member.replica().core().leader().isEmpty()) {
                        awaited++;
                    } else {
                        handedOver.remove(groupId);
                        waitUntil = Math.min(now, hurryAt) + (long) FAREWELL * electionTimeoutTicks;
                        sendOffUntil = Math.min(now, hurryAt) + (long) SEND_OFF * electionTimeoutTicks;
                    }
                }
            }
            return awaited;
        }

        private boolean handOverToBest(Member member) {
            RaftCore core = member.replica().core();
            Optional<NodeId> best = core.followers().stream()
                    .filter(follower -> core.membership().voters().contains(follower.follower()) && isPresent(follower))
                    .max(Comparator.<FollowerStatus>comparingLong(
                                    follower -> Math.min(follower.matchIndex(), core.commitIndex()))
                            .thenComparing(follower -> -given.getOrDefault(MemberId.node(follower.follower()), 0))
                            .thenComparingLong(FollowerStatus::matchIndex))
                    .map(FollowerStatus::follower)
                    .filter(follower -> handOver(member, follower));
            best.ifPresent(follower -> {
                handedOver.add(member.replica().name().groupId());
                given.merge(MemberId.node(follower), 1, Integer::sum);
            });
            return best.isPresent();
        }
    }

    private static boolean isUnderWay(Member member) {
        return member.replica().core().transferTarget().isPresent();
    }

    private void balance() {
        boolean underWay = false;
        Optional<Member> astray = Optional.empty();
        SortedMap<Long, Led> stillLed = new TreeMap<>();
        for (Member member : members.get()) {
            if (!member.leads()) {
                continue;
            }
            long groupId = member.replica().name().groupId();
            long term = member.replica().core().term();
            Led known = led.get(groupId);
            Led leading = known != null && known.term == term ? known : new Led(term, now);
            stillLed.put(groupId, leading);
            underWay |= isUnderWay(member);
            if (astray.isEmpty() && isAstray(member, leading)) {
                astray = Optional.of(member);
            }
        }
        led.clear();
        led.putAll(stillLed);
        if (!underWay && astray.isPresent()) {
            Member member = astray.get();
            led.get(member.replica().name().groupId()).retryAt = now + (long) BACKOFF * electionTimeoutTicks;
            follower(member, member.preferred().orElseThrow())
                    .ifPresent(preferred -> handOver(member, preferred.follower()));
        }
    }

    /** Whether the group should be led by somebody else, who could. */
    private boolean isAstray(Member member, Led leading) {
        if (member.preferred().isEmpty()
                || member.preferred().get().equals(host.self())
                || now - leading.since < (long) SETTLED * electionTimeoutTicks
                || now < leading.retryAt) {
            return false;
        }
        RaftCore core = member.replica().core();
        return follower(member, member.preferred().get())
                .filter(follower -> isPresent(follower) && follower.matchIndex() >= core.commitIndex())
                .isPresent();
    }

    /** The voter on that node. */
    private static Optional<FollowerStatus> follower(Member member, NodeId node) {
        RaftCore core = member.replica().core();
        return core.followers().stream()
                .filter(follower -> MemberId.node(follower.follower()).equals(node)
                        && core.membership().voters().contains(follower.follower()))
                .findFirst();
    }

    private boolean isPresent(FollowerStatus follower) {
        return follower.replicating()
                && follower.silentTicks() < electionTimeoutTicks
                && host.disk().isFit(follower.follower());
    }

    private static boolean handOver(Member member, NodeId target) {
        return member.replica().handOver(target) instanceof TransferResult.Started;
    }
}
