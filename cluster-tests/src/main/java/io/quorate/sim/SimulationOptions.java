/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.replica.DiskLimits;
import io.quorate.raft.Prng;
import io.quorate.raft.RaftConfig;
import java.util.Set;

/**
 * Everything a run is made of, drawn from its seed: each seed turns every kind of fault on or off and draws its rate, so
 * that some runs meet one fault alone and some meet all of them. Limits are tiny, so that every edge is reached.
 *
 * @param nodes              1 to 7
 * @param topics             created by clients while faults happen already
 * @param partitions         of each topic
 * @param replicationFactor  of each topic
 * @param faultyMillis       how long faults go on, in virtual time
 * @param tickMillis         of Raft
 * @param raft               limits of every group
 * @param logStore           limits of every log
 * @param maxInflightBytes   of a node
 * @param loopTurnNanosMax   longest time between two tasks of a node's loop
 * @param clockDrift         nodes' clocks run at different rates
 * @param network            what happens to messages
 * @param diskLimits         when a node considers its disk unfit
 * @param housekeepingMillis between two looks at what is kept
 * @param disk               how slow disks are
 * @param faults             what happens to nodes and connections
 * @param workload           what clients do
 * @param blackout           at the end all nodes lose power at once and start again
 * @param retentionMillis    of every topic; 0: no limit
 */
public record SimulationOptions(
        int nodes,
        int topics,
        int partitions,
        int replicationFactor,
        int faultyMillis,
        int tickMillis,
        RaftConfig raft,
        LogStoreConfig logStore,
        DiskLimits diskLimits,
        int housekeepingMillis,
        long maxInflightBytes,
        int loopTurnNanosMax,
        boolean clockDrift,
        NetworkOptions network,
        DiskOptions disk,
        FaultOptions faults,
        WorkloadOptions workload,
        boolean blackout,
        int retentionMillis) {

    /**
     * @param latencyMicros    shortest time on the way
     * @param jitterMicros     longest additional time
     * @param lossPermille     messages that never arrive
     * @param duplicatePermille messages that arrive twice
     * @param latePermille     messages that arrive up to {@code lateMillisMax} later, if need be after the connection, the
     *                         sender and the receiver have died and come back
     * @param lateMillisMax    see {@code latePermille}
     * @param reorders         whether messages may overtake one another
     */
    public record NetworkOptions(
            int latencyMicros,
            int jitterMicros,
            int lossPermille,
            int duplicatePermille,
            int latePermille,
            int lateMillisMax,
            boolean reorders) {}

    /**
     * @param flushMicros       shortest time until a flush round begins
     * @param flushJitterMicros longest additional time
     * @param slowPermille      flush rounds that take up to {@code slowMillisMax}
     * @param slowMillisMax     see {@code slowPermille}
     * @param hangMillis        mean time between two hangs, in which nothing is written or flushed; 0: never
     * @param hangMillisMax     longest hang
     * @param fillMillis        mean time between two times in which somebody else fills a disk; 0: never
     * @param fillMillisMax     longest time that it stays full
     * @param readMicros        longest time until a read begins
     * @param reportMillisMax   longest time until what was read or written is reported; 0: at once
     * @param forceFailures     whether a force may fail, which must end its node
     */
    public record DiskOptions(
            int flushMicros,
            int flushJitterMicros,
            int slowPermille,
            int slowMillisMax,
            int hangMillis,
            int hangMillisMax,
            int fillMillis,
            int fillMillisMax,
            int readMicros,
            int reportMillisMax,
            boolean forceFailures) {}

    /**
     * Mean time between two faults of a kind, in ms; 0: never.
     *
     * @param crashMillis       a node stops between two events
     * @param diskCrashMillis   a node stops in the midst of its disk's operations
     * @param restartMillisMax  longest time that a node stays down
     * @param pauseMillis       a node stops for a while and goes on
     * @param pauseMillisMax    longest pause
     * @param partitionMillis   links are cut
     * @param partitionMillisMax longest time that they stay cut
     * @param stopMillis        a node is stopped as its operator would
     * @param resetMillis       a connection breaks and comes back
     * @param preferLeaders     half of the faults hit a node that leads something
     * @param atMoments         links are cut after elections and power fails in truncations, beside the random times
     */
    public record FaultOptions(
            int crashMillis,
            int diskCrashMillis,
            int restartMillisMax,
            int pauseMillis,
            int pauseMillisMax,
            int partitionMillis,
            int partitionMillisMax,
            int stopMillis,
            int resetMillis,
            boolean preferLeaders,
            boolean atMoments) {}

    /**
     * @param producers        idempotent producers, each of one partition
     * @param plainWriters     writers without idempotence, which never retry
     * @param readers          each of one partition
     * @param batchesPerWriter until it stops
     * @param recordsMax       in a batch
     * @param valueBytesMax    of a record
     * @param window           batches of a producer under way
     * @param pauseMillisMax   longest pause between two batches
     * @param timeoutMillis    after which a client asks elsewhere
     * @param deletesTopics    whether a topic is created and deleted again and again
     * @param moveMillis       longest time between two moves of a partition to other nodes; 0: never
     * @param trimMillis       longest time between two trims of a partition; 0: never
     * @param retentionBytes   of every topic; 0: no limit
     * @param nameGenerations  whether producers name the generation they believe in
     */
    public record WorkloadOptions(
            int producers,
            int plainWriters,
            int readers,
            int batchesPerWriter,
            int recordsMax,
            int valueBytesMax,
            int window,
            int pauseMillisMax,
            int timeoutMillis,
            boolean deletesTopics,
            int moveMillis,
            int trimMillis,
            int retentionBytes,
            boolean nameGenerations) {}

    /**
     * How long a message or a flush takes at most when faults are over: a small part of an election timeout, or elections
     * need never end (paper §5.6).
     */
    long calmNanos() {
        return 1_000_000L * tickMillis * raft.electionTimeoutTicks() / 20;
    }

    /**
     * How long a disk may hang before its node must lead nothing any more: three times as long as that takes by the node's
     * own clock, and some more.
     */
    int stallJudgedMillis() {
        return 1_000 + 4 * diskLimits.stallTimeoutTicks() * tickMillis;
    }

    /** Largest record batch that the nodes of a run take; well above what the writers make. */
    static final int MAX_BATCH_BYTES = 64 << 10;

    /** @param without does not change what else is drawn */
    static SimulationOptions draw(Prng prng, Set<Reduction> without) {
        int nodes = pick(prng, 1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 7);
        int most = Math.min(nodes, pick(prng, 3, 5, 7));
        int replicationFactor = most % 2 == 1 ? most : most - 1;
        return new SimulationOptions(
                nodes,
                unless(without, Reduction.ONE_TOPIC, between(prng, 1, 3), 1),
                unless(without, Reduction.ONE_PARTITION, between(prng, 1, 2), 1),
                replicationFactor,
                between(prng, 2_000, 6_000),
                pick(prng, 10, 20, 20, 20, 40),
                withLeases(drawRaft(prng), new Prng(prng.nextLong())),
                drawLogStore(prng, without),
                new DiskLimits(pick(prng, 10, 40, 400), 32 << 20, 16 << 20, pick(prng, 100, 1_000)),
                pick(prng, 50, 300, 2_000),
                pick(prng, 4 << 10, 64 << 10, 16 << 20),
                pick(prng, 5_000, 50_000, 500_000),
                oneIn(prng, 3) && !without.contains(Reduction.NO_CLOCK_DRIFT),
                drawNetwork(prng, without),
                drawDisk(prng, without),
                drawFaults(prng),
                drawWorkload(prng, without),
                oneIn(prng, 2) && !without.contains(Reduction.NO_BLACKOUT),
                pick(prng, 0, 0, 0, 0, 500, 5_000, 3_600_000));
    }

    private static int unless(Set<Reduction> without, Reduction reduction, int drawn, int instead) {
        return without.contains(reduction) ? instead : drawn;
    }

    private static RaftConfig drawRaft(Prng prng) {
        int heartbeatTicks = pick(prng, 1, 3, 3);
        Prng ofRest = new Prng(prng.nextLong());
        return new RaftConfig(
                        heartbeatTicks * pick(prng, 3, 7, 7),
                        heartbeatTicks,
                        pick(prng, 1, 300, 2_000, 256 << 10),
                        pick(prng, 1, 1_000, 16 << 10, 4 << 20),
                        pick(prng, 1, 2, 8, 256),
                        pick(prng, 600, 8 << 10, 1 << 20),
                        pick(prng, 0, 300, 4 << 10, 1 << 20))
                .quiescingAfter(pick(ofRest, 0, 1, heartbeatTicks, 10 * heartbeatTicks));
    }

    /** As long as they may be with clocks that run at up to 1.2 and down to 0.8 times the right rate; or none. */
    private static RaftConfig withLeases(RaftConfig raft, Prng prng) {
        int longest = Math.min(raft.electionTimeoutTicks() - 2, (raft.electionTimeoutTicks() - 1) * 2 / 3);
        return oneIn(prng, 3) ? raft.withLeases(longest) : raft;
    }

    private static LogStoreConfig drawLogStore(Prng prng, Set<Reduction> without) {
        return new LogStoreConfig(
                unless(without, Reduction.LARGE_SEGMENTS, pick(prng, 4 << 10, 8 << 10, 64 << 10), 1 << 20),
                pick(prng, 0, 4 << 10, 16 << 10),
                pick(prng, 1, 256, 4096));
    }

    private static NetworkOptions drawNetwork(Prng prng, Set<Reduction> without) {
        return new NetworkOptions(
                pick(prng, 20, 200, 1_000, 5_000),
                pick(prng, 10, 500, 5_000, 20_000),
                unless(without, Reduction.NO_LOSS, oneIn(prng, 2) ? between(prng, 1, 150) : 0, 0),
                unless(without, Reduction.NO_DUPLICATES, oneIn(prng, 2) ? between(prng, 1, 150) : 0, 0),
                unless(without, Reduction.NO_LATE_MESSAGES, oneIn(prng, 2) ? between(prng, 1, 50) : 0, 0),
                pick(prng, 100, 1_000, 4_000),
                oneIn(prng, 2) && !without.contains(Reduction.NO_REORDERING));
    }

    private static DiskOptions drawDisk(Prng prng, Set<Reduction> without) {
        return new DiskOptions(
                pick(prng, 20, 200, 1_000),
                pick(prng, 50, 1_000, 8_000),
                unless(without, Reduction.NO_SLOW_FLUSHES, oneIn(prng, 2) ? between(prng, 1, 60) : 0, 0),
                pick(prng, 50, 300, 1_500),
                oneIn(prng, 3) ? between(prng, 500, 3_000) : 0,
                pick(prng, 500, 2_000, 10_000),
                oneIn(prng, 3) ? between(prng, 300, 3_000) : 0,
                pick(prng, 500, 2_000, 10_000),
                pick(prng, 50, 1_000, 5_000, 20_000),
                pick(prng, 0, 0, 0, 5, 200, 2_000),
                oneIn(prng, 4));
    }

    private static FaultOptions drawFaults(Prng prng) {
        return new FaultOptions(
                oneIn(prng, 2) ? between(prng, 200, 3_000) : 0,
                oneIn(prng, 2) ? between(prng, 200, 3_000) : 0,
                pick(prng, 50, 500, 2_000),
                oneIn(prng, 3) ? between(prng, 300, 3_000) : 0,
                pick(prng, 100, 1_000, 3_000),
                oneIn(prng, 2) ? between(prng, 300, 3_000) : 0,
                pick(prng, 200, 1_000, 4_000),
                oneIn(prng, 3) ? between(prng, 300, 3_000) : 0,
                oneIn(prng, 2) ? between(prng, 100, 2_000) : 0,
                oneIn(prng, 2),
                oneIn(prng, 2));
    }

    private static WorkloadOptions drawWorkload(Prng prng, Set<Reduction> without) {
        return new WorkloadOptions(
                unless(without, Reduction.ONE_PRODUCER, between(prng, 1, 5), 1),
                unless(without, Reduction.NO_PLAIN_WRITERS, between(prng, 0, 2), 0),
                unless(without, Reduction.NO_READERS, between(prng, 1, 3), 0),
                unless(without, Reduction.FEW_BATCHES, between(prng, 10, 60), 10),
                unless(without, Reduction.SMALL_BATCHES, pick(prng, 1, 5, 20), 1),
                unless(without, Reduction.SMALL_BATCHES, pick(prng, 8, 100, 400), 8),
                pick(prng, 1, 3, 10),
                pick(prng, 1, 50, 300),
                pick(prng, 200, 500, 1_500),
                oneIn(prng, 3) && !without.contains(Reduction.NO_TOPIC_CHURN),
                unless(without, Reduction.NO_MOVES, oneIn(prng, 2) ? between(prng, 200, 3_000) : 0, 0),
                oneIn(prng, 3) ? between(prng, 100, 2_000) : 0,
                oneIn(prng, 4) ? between(prng, 4 << 10, 64 << 10) : 0,
                oneIn(prng, 2));
    }

    private static int pick(Prng prng, int... choices) {
        return choices[prng.nextInt(choices.length)];
    }

    /** Both ends included. */
    private static int between(Prng prng, int least, int most) {
        return least + prng.nextInt(most - least + 1);
    }

    private static boolean oneIn(Prng prng, int n) {
        return prng.nextInt(n) == 0;
    }
}
