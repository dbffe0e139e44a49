/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendAccepted;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The network of a {@link RandomSchedule}: messages are lost, doubled, overtaken, and some are on their way for so long that
 * they outlive the leadership that they were meant for. Members are cut off, alone or with another one, and come back one by
 * one; some hear everybody and are heard by nobody. A seed has its own mixture.
 */
final class RandomNetwork {
    /** For how long a fault lasts, on average; elections take that long. */
    private static final int FAULT_STEPS = 150;
    /** Likewise each stage of a deposal, once what it waits for has come about, and if that never comes about. */
    private static final int STAGE_STEPS = 100;

    private static final int DEPOSAL_STEPS = 3000;
    private static final int LATE_ACKNOWLEDGEMENTS_PERCENT = 25;
    private static final int LATE_ONE_IN_WHEN_DEPOSED = 400;
    private static final int LATE_ONE_IN_WHEN_LEADING_AGAIN = 10;
    private static final int LATE_OF_DEPOSED_PERCENT = 75;

    /** A message, and who has sent it. */
    record InTransit(NodeId from, Envelope envelope) {}

    private final Prng random;
    private final int size;
    private final List<InTransit> network = new ArrayList<>();
    /** On their way for so long that much else has happened when they arrive, if they do. */
    private final List<InTransit> late = new ArrayList<>();

    private final int lossPercent;
    private final int duplicatePercent;
    private final int latePercent;
    /** Of the messages that arrive, one in so many was late. */
    private final int lateOneIn;

    private final int partitionPerMille;
    /** Leaders are cut off so often that their followers elect others, and come back with what only they have. */
    private final int leaderCutPerMille;

    private final int mutePerMille;
    /** A leader's fate that shows what it, or what was on its way to it, remembers of its former leadership. */
    private enum Deposal {
        NONE,
        /** It is cut off, alone or with a follower, until the others have elected somebody else. */
        AWAY,
        /** It is back, and who was cut off with it is not: mostly until it leads again. */
        BACK,
        /** It leads again; what was on its way to it meanwhile arrives. */
        LEADING
    }

    /** Bits of the members that hear each other only, and are heard by nobody else; 0 for none. */
    private int minority;
    /** Led when it was cut off last; 0 for none. */
    private int deposed;

    private Deposal deposal = Deposal.NONE;
    /** Hears everybody and is heard by nobody; 0 for none. */
    private int mute;

    private boolean healed;

    /** @param size of the group: its members are 1 to this */
    RandomNetwork(Prng random, int size) {
        this.random = random;
        this.size = size;
        lossPercent = random.nextInt(4) == 0 ? 0 : random.nextInt(25);
        duplicatePercent = random.nextInt(20);
        latePercent = random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(10);
        lateOneIn = List.of(25, 100, 400).get(random.nextInt(3));
        partitionPerMille = random.nextInt(8);
        leaderCutPerMille = random.nextInt(2) == 0 ? 0 : 3 + random.nextInt(15);
        mutePerMille = random.nextInt(3) > 0 ? 0 : 1 + random.nextInt(8);
    }

    /** Whether leaders are cut off more often than others. */
    boolean deposesLeaders() {
        return leaderCutPerMille > 0;
    }

    /** Who led when it was cut off last. */
    Optional<NodeId> deposed() {
        return deposed == 0 ? Optional.empty() : Optional.of(new NodeId(deposed));
    }

    /**
     * Time passes: connections break and heal.
     *
     * @param leading who leads or believes so
     */
    void onStep(List<NodeId> leading) {
        switch (deposal) {
            case NONE -> cutOffOrReconnect(leading);
            case AWAY -> {
                boolean othersElected = leading.stream().anyMatch(leader -> (minority >> leader.value() & 1) == 0);
                if (random.nextInt(othersElected ? STAGE_STEPS : DEPOSAL_STEPS) == 0) {
                    minority &= ~(1 << deposed);
                    deposal = minority == 0 ? Deposal.NONE : Deposal.BACK;
                }
            }
            case BACK -> {
                if (leading.contains(new NodeId(deposed))) {
                    deposal = Deposal.LEADING;
                } else if (random.nextInt(DEPOSAL_STEPS) == 0) {
                    endDeposal();
                }
            }
            case LEADING -> {
                if (random.nextInt(STAGE_STEPS) == 0) {
                    endDeposal();
                }
            }
        }
        if (mute != 0 && random.nextInt(FAULT_STEPS) == 0) {
            mute = 0;
        } else if (mute == 0 && random.nextInt(1000) < mutePerMille) {
            mute = 1 + random.nextInt(size);
        }
    }

    private void endDeposal() {
        minority = 0;
        deposal = Deposal.NONE;
    }

    private int lateOneIn() {
        return switch (deposal) {
            case NONE -> lateOneIn;
            case AWAY, BACK -> LATE_ONE_IN_WHEN_DEPOSED;
            case LEADING -> LATE_ONE_IN_WHEN_LEADING_AGAIN;
        };
    }

    private void cutOffOrReconnect(List<NodeId> leading) {
        if (random.nextInt(1000) < partitionPerMille) {
            minority = 1 << random.nextInt(size + 1) & -2;
        } else if (!leading.isEmpty() && random.nextInt(1000) < leaderCutPerMille) {
            deposal = Deposal.AWAY;
            deposed = leading.get(random.nextInt(leading.size())).value();
            minority = 1 << deposed;
            if (size > 3 && random.nextInt(4) > 0) {
                minority |= 1 << 1 + (deposed + random.nextInt(size - 1)) % size;
            }
        } else if (random.nextInt(FAULT_STEPS) == 0) {
            minority = 0;
        }
    }

    /** Whether whoever led and was cut off is back without the one that it was cut off with. */
    boolean cameBackAlone() {
        return deposal == Deposal.BACK;
    }

    /** Whether nothing gets from one to the other now. */
    boolean isCut(NodeId from, NodeId to) {
        return !healed && (from.value() == mute || ((minority >> from.value() ^ minority >> to.value()) & 1) == 1);
    }

    /** The connection between the two breaks: what is on its way on it, one way or both, is lost. */
    void breakConnection(NodeId one, NodeId other) {
        boolean bothWays = random.nextInt(2) == 0;
        network.removeIf(message -> isBetween(message, one, other) || bothWays && isBetween(message, other, one));
    }

    private static boolean isBetween(InTransit message, NodeId from, NodeId to) {
        return message.from().equals(from) && message.envelope().to().equals(to);
    }

    void send(NodeId from, Envelope envelope) {
        boolean cut = isCut(from, envelope.to());
        if (!healed && (cut || random.nextInt(100) < lossPercent)) {
            return;
        }
        route(new InTransit(from, envelope));
        if (!healed && random.nextInt(100) < duplicatePercent) {
            route(new InTransit(from, envelope));
        }
    }

    private void route(InTransit message) {
        int percent = latePercent > 0 && message.envelope().message() instanceof AppendAccepted
                ? deposal == Deposal.AWAY ? LATE_OF_DEPOSED_PERCENT : LATE_ACKNOWLEDGEMENTS_PERCENT
                : latePercent;
        boolean isLate = random.nextInt(100) < percent;
        (!healed && isLate ? late : network).add(message);
    }

    /** What arrives next, mostly in order; taken off the network. */
    Optional<InTransit> next() {
        if (!late.isEmpty() && random.nextInt(lateOneIn()) == 0) {
            return Optional.of(late.remove(random.nextInt(late.size())));
        }
        if (network.isEmpty()) {
            return Optional.empty();
        }
        boolean overtakes = !healed && random.nextInt(3) == 0;
        return Optional.of(network.remove(overtakes ? random.nextInt(network.size()) : 0));
    }

    /** What was meant for a leader's former leadership arrives early in its new one. */
    void welcome(NodeId leader) {
        for (int at = late.size() - 1; at >= 0; at--) {
            if (late.get(at).envelope().to().equals(leader) && random.nextInt(4) == 0) {
                network.add(late.remove(at));
            }
        }
    }

    /** Everything is lost that was on its way, and nothing will be any more. */
    void heal() {
        healed = true;
        network.clear();
        late.clear();
    }

    boolean isEmpty() {
        return network.isEmpty();
    }
}
