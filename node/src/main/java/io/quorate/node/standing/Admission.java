/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import io.quorate.node.seam.PeerMessage.Standing;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a node with an empty disk finds out whether it may take part. Its disk may be new, or the successor of one that has
 * voted: it cannot tell by itself, so it asks.
 *
 * <pre>
 *   a founder, FIRST from enough others ──► member 0, there from the beginning
 *   ADMITTED(k) from anybody ─────────────► member k, as the registry has it
 *   LOST from anybody ────────────────────► stays out until an operator readmits it
 * </pre>
 *
 * <p>How many are enough: a lost disk's vote or acknowledgement was only ever counted together with those of a quorum of
 * the founders, and every other one of that quorum has noted it before (see {@link PeerGuard}). With n founders and
 * quorums of q = n/2 + 1, any n − q + 1 of the others include one of every quorum that the lost disk was in. So of three
 * nodes all must be there when the cluster is formed, of five any four. What remains: if more disks are lost than a
 * quorum can spare, those who remember may be lost too; that many losses lose data anyway. A cluster of one node has
 * nobody to ask.
 *
 * <p>Event loop only.
 */
public final class Admission {
    /** @param founders members of the metadata group before its first change */
    public record Admitted(int admission, List<NodeId> founders) {}

    private final NodeId self;
    private final boolean joins;
    private final List<NodeId> founders;
    private final long incarnation;
    private final TreeSet<NodeId> unaware = new TreeSet<>();
    private final TreeMap<NodeId, Standing> objections = new TreeMap<>();

    /**
     * @param joins       this node is not a founder, whatever the others say: it waits for the registry
     * @param founders    as configured, this node among them
     * @param incarnation of this node's storage
     */
    public Admission(NodeId self, boolean joins, List<NodeId> founders, long incarnation) {
        this.self = self;
        this.joins = joins;
        this.founders = List.copyOf(founders);
        this.incarnation = incarnation;
    }

    /** Without anybody's answer: the only founder there is. */
    public Optional<Admitted> atOnce() {
        return decide();
    }

    /** Another node has answered. The decision, once there is one. */
    public Optional<Admitted> onStanding(NodeId from, Standing standing) {
        if (standing.incarnation() != incarnation) {
            return Optional.empty();
        }
        objections.remove(from);
        unaware.remove(from);
        switch (standing.verdict()) {
            case ADMITTED -> {
                List<NodeId> others = new ArrayList<>(founders);
                others.remove(self);
                return Optional.of(new Admitted(standing.admission(), others));
            }
            case FIRST -> unaware.add(from);
            case LOST, REMOVED, UNKNOWN -> objections.put(from, standing);
        }
        return decide();
    }

    private Optional<Admitted> decide() {
        boolean known = objections.values().stream().anyMatch(Admission::isFinal);
        return !joins && !known && unaware.size() >= enough()
                ? Optional.of(new Admitted(0, founders))
                : Optional.empty();
    }

    private static boolean isFinal(Standing standing) {
        return standing.verdict() != Standing.Verdict.UNKNOWN;
    }

    private int enough() {
        int quorum = founders.size() / 2 + 1;
        return founders.size() == 1 ? 0 : founders.size() - quorum + 1;
    }

    /** Whether waiting alone will not help. */
    public boolean isBarred() {
        return joins || objections.values().stream().anyMatch(Admission::isFinal);
    }

    /** Why this node takes no part yet, and what to do, for people. */
    public String waitsFor() {
        for (Standing standing : objections.values()) {
            if (standing.verdict() == Standing.Verdict.LOST) {
                return "node " + self.value()
                        + " has lost its disk: the cluster knows it with other data than it has now;"
                        + " `quorate node readmit " + self.value() + "` makes it a new member";
            }
            if (standing.verdict() == Standing.Verdict.REMOVED) {
                return "node " + self.value() + " was removed from the cluster; `quorate node add " + self.value()
                        + "=HOST:PORT` lets it join again";
            }
        }
        if (joins) {
            return "node " + self.value() + " waits to join; `quorate node add " + self.value() + "=HOST:PORT` lets it";
        }
        List<NodeId> missing = new ArrayList<>(founders);
        missing.remove(self);
        missing.removeAll(unaware);
        return "node " + self.value() + " starts on an empty disk and waits to hear from " + (enough() - unaware.size())
                + " more of " + missing + " that they have not met it before";
    }
}
