/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.seam.Clock;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The replicas of a node by whether they count time.
 *
 * <pre>
 *   AWAKE --its group is idle--> RESTING --any input that concerns it--> AWAKE        any --failed, stopped--> gone
 * </pre>
 *
 * <p>Those that rest cost nothing: a tick touches only the others. A resting follower relies on its leader's node being
 * there and still leading, a resting leader on its followers' nodes; whoever knows that this is over wakes them here. Event
 * loop only.
 */
public final class TickedReplicas {
    private List<Replica> awake = new ArrayList<>();
    private List<Replica> ticking = new ArrayList<>();
    private final SortedMap<Long, Replica> resting = new TreeMap<>();

    private final Clock clock;
    private long nextTickNanos;
    private long ticks;

    TickedReplicas(Clock clock) {
        this.clock = clock;
        this.nextTickNanos = clock.nanoTime();
    }

    /** Everything that was due before this is delivered. */
    public void nextTickAt(long nanos) {
        nextTickNanos = nanos;
    }

    /** Whether a tick is due that was not delivered yet: whoever counts ticks does not know what time it is. */
    boolean isLate() {
        return clock.nanoTime() - nextTickNanos >= 0;
    }

    /** Ticks were due that are never delivered. */
    public void timeLost() {
        awake.forEach(replica -> replica.core().timeLost());
    }

    /** It counts time from the next tick on. */
    void add(Replica replica) {
        resting.remove(replica.name().groupId());
        awake.add(replica);
    }

    /** It takes no further part. */
    void remove(Replica replica) {
        resting.remove(replica.name().groupId(), replica);
    }

    /** Time passes by one tick. */
    public void tick() {
        List<Replica> all = awake;
        awake = ticking;
        ticks++;
        for (Replica replica : all) {
            if (replica.tick(ticks)) {
                awake.add(replica);
            } else if (replica.isRunning()) {
                resting.put(replica.name().groupId(), replica);
            }
        }
        all.clear();
        ticking = all;
    }

    /** How many count no time now. */
    public int resting() {
        return resting.size();
    }

    /** Something has changed for all of them. */
    public void wakeAll() {
        List.copyOf(resting.values()).forEach(Replica::wake);
    }

    /** Nothing has been heard of a node for so many ticks. */
    public void silent(NodeId node, int ticks) {
        for (Replica replica : awake) {
            replica.silent(node, ticks);
        }
        List.copyOf(resting.values()).forEach(replica -> replica.silent(node, ticks));
    }

    /**
     * A node has told of everything that it leads: who rests in the belief that it leads something else must look for a
     * leader.
     */
    public void leadsNothingBut(NodeId node, SortedMap<Long, Long> generationsByGroup) {
        List<Replica> deceived = new ArrayList<>();
        resting.forEach((groupId, replica) -> {
            RaftCore core = replica.core();
            boolean follows = core.leader().isPresent()
                    && MemberId.node(core.leader().get()).equals(node);
            if (follows && generationsByGroup.getOrDefault(groupId, 0L) != core.term()) {
                deceived.add(replica);
            }
        });
        deceived.forEach(Replica::wake);
    }
}
