/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.raft.Prng;
import io.quorate.sim.Fault.Kind;
import io.quorate.sim.SimulationOptions.DiskOptions;
import io.quorate.sim.SimulationOptions.FaultOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Decides which faults happen when, until told to stop: each kind at its own drawn rate, or those of a script. In some runs
 * they prefer leaders, and moments at which little must go wrong. Keeps all of them, so that a run can be scripted
 * afterwards.
 */
final class FaultInjector {
    private static final int DISK_OPERATIONS_MAX = 40;
    private static final int RECOVERY_CRASH_ONE_IN = 4;
    private static final int RECOVERY_OPERATIONS_MAX = 8;
    private static final int ROT_IN_ONE_RUN_OF = 3;
    private static final int ROT_MILLIS_MIN = 50;
    private static final int ROT_MILLIS_MAX = 1_000;
    private static final int LOSS_IN_ONE_RUN_OF = 4;
    private static final int LOSS_MILLIS_MIN = 300;
    private static final int LOSS_MILLIS_MAX = 3_000;
    private static final int SWAP_IN_ONE_RUN_OF = 10;
    private static final int CLOCK_SET_IN_ONE_RUN_OF = 4;
    /** A correction, a time zone, a machine whose battery is empty. */
    private static final int[] CLOCK_MILLIS_MAX = {200, 4_000_000, 2_000_000_000};

    private static final int STALLS_IN_ONE_RUN_OF = 4;
    /** Longer than any disk may hang with which a node leads; in no run in which nobody would have given up by then. */
    private static final int STALL_JUDGED_MILLIS_MAX = 4_500;

    private static final int STALL_MILLIS_MAX = 1_500;

    private static final int OPERATOR_MILLIS_MAX = 2_000;
    private static final int FAILED_DISK_MILLIS_MAX = 3_000;
    private static final int FORCE_FAILURE_MEAN_MILLIS = 2_000;
    private static final int FULL_DISK_FREE_MIB_MIN = 0;
    private static final int TRUNCATION_OPERATIONS_MAX = 12;
    private static final int TRANSFER_DELAY_MILLIS_MAX = 1_000;
    private static final int TRANSFER_SLOW_MILLIS_MAX = 100;
    private static final int ELECTION_TO_CUT_MILLIS_MAX = 300;
    private static final int SNAPSHOT_PIECE_CRASH_ONE_IN = 20;
    private static final int SNAPSHOT_PIECE_TO_CRASH_MICROS_MAX = 20_000;

    private final VirtualTime time;
    private final int nodes;
    private final FaultOptions options;
    private final DiskOptions disk;
    private final int criticalMebibytes;
    private final FaultActor actor;
    /** Ids of the nodes that lead some group now. */
    private final Supplier<List<Integer>> leaders;

    private final Prng prng;
    /** Of its own, so that a seed draws what it always drew. */
    private final Prng rotting;

    /** Of its own as well. */
    private final Prng losing;

    private final int rottenNode;
    /** Mean time between two places that rot; 0: nothing does. */
    private final int rotMillis;

    /** Mean time between two losses of disks; 0: none. */
    private final int lossMillis;
    /** As for losses: between two mistakes with disks. */
    private final int swapMillis;
    /** Between two settings of a wall clock. */
    private final int clockMillis;

    private final Prng setting;

    /** Between two hangs of a leader's disk that cost it what it leads. */
    private final int stallMillis;
    /** The longest hang that need not. */
    private final int stallJudgedMillis;

    private final Prng stalling;

    private final List<Fault> injected = new ArrayList<>();
    private boolean active;
    private boolean scripted;

    FaultInjector(
            VirtualTime time,
            SimulationOptions options,
            int nodes,
            FaultActor actor,
            Supplier<List<Integer>> leaders,
            Prng prng,
            Prng rotting,
            Prng losing,
            Prng setting,
            Prng stalling) {
        this.time = time;
        this.nodes = nodes;
        this.options = options.faults();
        this.disk = options.disk();
        this.criticalMebibytes = (int) (options.diskLimits().criticalFreeBytes() >> 20);
        this.actor = actor;
        this.leaders = leaders;
        this.prng = prng;
        this.rotting = rotting;
        this.losing = losing;
        this.setting = setting;
        this.stalling = stalling;
        this.clockMillis = setting.nextInt(CLOCK_SET_IN_ONE_RUN_OF) == 0
                ? LOSS_MILLIS_MIN + setting.nextInt(LOSS_MILLIS_MAX - LOSS_MILLIS_MIN)
                : 0;
        // One node alone, so that a majority of every group stays whole.
        this.rottenNode = 1 + rotting.nextInt(nodes);
        boolean canBeRepaired = options.replicationFactor() >= 3;
        this.rotMillis = canBeRepaired && rotting.nextInt(ROT_IN_ONE_RUN_OF) == 0
                ? ROT_MILLIS_MIN + rotting.nextInt(ROT_MILLIS_MAX - ROT_MILLIS_MIN)
                : 0;
        this.lossMillis = canBeRepaired && losing.nextInt(LOSS_IN_ONE_RUN_OF) == 0
                ? LOSS_MILLIS_MIN + losing.nextInt(LOSS_MILLIS_MAX - LOSS_MILLIS_MIN)
                : 0;
        this.stallJudgedMillis = options.stallJudgedMillis();
        this.stallMillis = canBeRepaired
                        && stallJudgedMillis <= STALL_JUDGED_MILLIS_MAX
                        && stalling.nextInt(STALLS_IN_ONE_RUN_OF) == 0
                ? LOSS_MILLIS_MIN + stalling.nextInt(LOSS_MILLIS_MAX - LOSS_MILLIS_MIN)
                : 0;
        this.swapMillis = nodes > 1 && losing.nextInt(SWAP_IN_ONE_RUN_OF) == 0
                ? LOSS_MILLIS_MIN + losing.nextInt(LOSS_MILLIS_MAX - LOSS_MILLIS_MIN)
                : 0;
    }

    /** @param script these faults, or as drawn */
    void start(Optional<List<Fault>> script) {
        active = true;
        scripted = script.isPresent();
        if (scripted) {
            script.get().forEach(this::schedule);
            return;
        }
        repeat(options.crashMillis(), Kind.CRASH, this::crash);
        repeat(options.diskCrashMillis(), Kind.DISK_CRASH, this::diskCrash);
        repeat(options.stopMillis(), Kind.STOP, this::stop);
        repeat(options.pauseMillis(), Kind.PAUSE, this::pause);
        repeat(options.partitionMillis(), Kind.CUT, this::cut);
        repeat(options.resetMillis(), Kind.RESET, this::reset);
        repeat(disk.hangMillis(), Kind.HANG, this::hang);
        repeat(disk.fillMillis(), Kind.FILL, this::fill);
        repeat(rotting, rotMillis, Kind.ROT, this::rot);
        repeat(setting, clockMillis, Kind.SET_CLOCK, this::setClock);
        repeat(losing, lossMillis, Kind.LOSE_DISK, this::loseDisk);
        repeat(stalling, stallMillis, Kind.HANG, this::stall);
        repeat(losing, swapMillis, Kind.SWAP_DISKS, this::swapDisks);
        if (disk.forceFailures()) {
            repeat(FORCE_FAILURE_MEAN_MILLIS, Kind.FORCE_FAILS, this::forceFails);
        }
    }

    void stop() {
        active = false;
    }

    /** All that were, in order. */
    List<Fault> injected() {
        return List.copyOf(injected);
    }

    private void schedule(Fault fault) {
        time.schedule(fault.atNanos() - time.nowNanos(), label(fault.kind()), () -> inject(fault));
    }

    private void inject(Fault fault) {
        if (active) {
            injected.add(fault);
            actor.apply(fault);
        }
    }

    private static String label(Kind kind) {
        return "fault-" + kind;
    }

    private void repeat(int meanMillis, Kind kind, Function<Kind, Fault> draw) {
        repeat(prng, meanMillis, kind, draw);
    }

    private void repeat(Prng times, int meanMillis, Kind kind, Function<Kind, Fault> draw) {
        if (meanMillis == 0) {
            return;
        }
        // Exponentially distributed, so that faults of a kind come singly and in bursts.
        double delayMillis = -Math.log(1 - times.nextDouble()) * meanMillis;
        time.schedule((long) (delayMillis * 1_000_000), label(kind), () -> {
            if (active) {
                inject(draw.apply(kind));
                repeat(times, meanMillis, kind, draw);
            }
        });
    }

    private Fault rot(Kind kind) {
        return fault(kind, rottenNode, rotting.nextLong(), rotting.nextInt(4) == 0 ? 1 : 0);
    }

    /** Where nothing rots, on any machine; else on the one that rots, so that a majority of every group stays whole. */
    private Fault loseDisk(Kind kind) {
        int node = rotMillis > 0 ? rottenNode : 1 + losing.nextInt(nodes);
        return fault(
                kind, node, losing.nextInt(options.restartMillisMax() + 1), losing.nextInt(OPERATOR_MILLIS_MAX + 1));
    }

    private Fault setClock(Kind kind) {
        int millis = setting.nextInt(CLOCK_MILLIS_MAX[setting.nextInt(CLOCK_MILLIS_MAX.length)]);
        return fault(kind, 1 + setting.nextInt(nodes), setting.nextInt(2) == 0 ? millis : -millis);
    }

    private Fault swapDisks(Kind kind) {
        int node = 1 + losing.nextInt(nodes);
        int peer = 1 + (node + losing.nextInt(nodes - 1)) % nodes;
        return fault(
                kind,
                node,
                peer,
                losing.nextInt(options.restartMillisMax() + 1),
                losing.nextInt(OPERATOR_MILLIS_MAX + 1));
    }

    private Fault fault(Kind kind, long... arguments) {
        return Fault.of(time.nowNanos(), kind, arguments);
    }

    private Fault crash(Kind kind) {
        return fault(kind, someone(), upTo(options.restartMillisMax()), recovery());
    }

    private Fault diskCrash(Kind kind) {
        return fault(kind, someone(), prng.nextInt(DISK_OPERATIONS_MAX), upTo(options.restartMillisMax()), recovery());
    }

    private Fault stop(Kind kind) {
        return fault(kind, someone(), upTo(options.restartMillisMax()), recovery());
    }

    /** After how many operations of its next start the node dies again; mostly not at all. */
    private int recovery() {
        return options.diskCrashMillis() > 0 && prng.nextInt(RECOVERY_CRASH_ONE_IN) == 0
                ? prng.nextInt(RECOVERY_OPERATIONS_MAX)
                : -1;
    }

    private Fault pause(Kind kind) {
        return fault(kind, someone(), upTo(options.pauseMillisMax()));
    }

    private Fault hang(Kind kind) {
        return fault(kind, someone(), upTo(disk.hangMillisMax()));
    }

    /** Somebody who leads, if anybody does. */
    private Fault stall(Kind kind) {
        List<Integer> leading = leaders.get();
        int node = leading.isEmpty() ? 1 + stalling.nextInt(nodes) : leading.get(stalling.nextInt(leading.size()));
        return fault(kind, node, stallJudgedMillis + stalling.nextInt(STALL_MILLIS_MAX));
    }

    /** One disk, or all at once, to somewhere below the critical watermark. */
    private Fault fill(Kind kind) {
        int mebibytes = FULL_DISK_FREE_MIB_MIN + prng.nextInt(criticalMebibytes - FULL_DISK_FREE_MIB_MIN);
        return fault(kind, prng.nextInt(3) == 0 ? 0 : someone(), mebibytes, upTo(disk.fillMillisMax()));
    }

    private Fault forceFails(Kind kind) {
        return fault(kind, someone(), prng.nextInt(2), upTo(FAILED_DISK_MILLIS_MAX), upTo(options.restartMillisMax()));
    }

    /** One node from all others, two halves, one link, or one direction of one link; silently, or as a firewall rejects. */
    private Fault cut(Kind kind) {
        int shape = prng.nextInt(4);
        int victim = someone();
        int other = someone();
        boolean oneWay = prng.nextInt(3) == 0;
        long sides = prng.nextLong();
        long links = 0;
        for (int from = 1; from <= nodes; from++) {
            for (int to = 1; to <= nodes; to++) {
                boolean concerned =
                        switch (shape) {
                            case 0 -> from == victim;
                            case 1 -> (sides >> from & 1) == 1 && (sides >> to & 1) == 0;
                            default -> from == victim && to == other;
                        };
                if (concerned && from != to) {
                    links |= FaultActor.link(from, to) | (oneWay ? 0 : FaultActor.link(to, from));
                }
            }
        }
        return fault(kind, links, prng.nextInt(2), 1 + upTo(options.partitionMillisMax()));
    }

    private Fault reset(Kind kind) {
        int node = someone();
        int peer = someone();
        return node == peer ? fault(Kind.RESET_ALL, node) : fault(kind, node, peer);
    }

    /** A log is about to be cut: the disk has several steps to take, of which each may be the last one. */
    void onTruncation(int node) {
        if (isMoment(options.diskCrashMillis(), 2)) {
            inject(fault(
                    Kind.DISK_CRASH,
                    node,
                    prng.nextInt(TRUNCATION_OPERATIONS_MAX),
                    upTo(options.restartMillisMax()),
                    recovery()));
        }
    }

    /** A member leads: the others are to lose it again before it has told all of them everything. */
    void onElection(int node) {
        if (!isMoment(options.partitionMillis(), 4)) {
            return;
        }
        long links = 0;
        for (int peer = 1; peer <= nodes; peer++) {
            if (peer != node && prng.nextInt(3) > 0) {
                links |= FaultActor.link(node, peer) | FaultActor.link(peer, node);
            }
        }
        int delayMillis = upTo(ELECTION_TO_CUT_MILLIS_MAX);
        schedule(Fault.of(
                time.nowNanos() + delayMillis * 1_000_000L,
                Kind.CUT,
                links,
                prng.nextInt(2),
                1 + upTo(options.partitionMillisMax())));
    }

    /** A piece of a snapshot leaves its leader, and more are to follow: another leader is to send those. */
    void onSnapshotPiece(int leader) {
        if (isMoment(options.crashMillis(), SNAPSHOT_PIECE_CRASH_ONE_IN)) {
            int delayMicros = prng.nextInt(SNAPSHOT_PIECE_TO_CRASH_MICROS_MAX);
            schedule(Fault.of(
                    time.nowNanos() + delayMicros * 1_000L,
                    Kind.CRASH,
                    leader,
                    upTo(options.restartMillisMax()),
                    recovery()));
        }
    }

    /** The order to take over is to arrive late, at somebody who had better not. */
    void onTransfer(int leader, int target) {
        if (leader != target && isMoment(disk.fillMillis(), 2)) {
            inject(fault(
                    Kind.SLOW_LINK, leader, target, upTo(TRANSFER_DELAY_MILLIS_MAX), upTo(TRANSFER_SLOW_MILLIS_MAX)));
            inject(fault(Kind.FILL, target, FULL_DISK_FREE_MIB_MIN, upTo(disk.fillMillisMax())));
        }
    }

    private boolean isMoment(int meanMillis, int oneIn) {
        return active && !scripted && options.atMoments() && meanMillis > 0 && prng.nextInt(oneIn) == 0;
    }

    private int someone() {
        if (options.preferLeaders() && prng.nextInt(2) == 0) {
            List<Integer> leading = leaders.get();
            if (!leading.isEmpty()) {
                return leading.get(prng.nextInt(leading.size()));
            }
        }
        return 1 + prng.nextInt(nodes);
    }

    private int upTo(int most) {
        return prng.nextInt(most + 1);
    }
}
