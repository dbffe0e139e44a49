/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import static io.quorate.sim.check.Violation.require;

import io.quorate.raft.Membership;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.check.Invariant;
import java.util.Optional;

/**
 * What a member may begin with: what its disk surely held, and any part of what was on its way there; or, after damage, what
 * the others have given back.
 */
final class RestartRule {
    private final long groupId;
    private final Membership initial;
    private final ChosenLog chosen;

    /** @param initial before the first change */
    RestartRule(long groupId, Membership initial, ChosenLog chosen) {
        this.groupId = groupId;
        this.initial = initial;
        this.chosen = chosen;
    }

    /**
     * @param membership that the member goes by
     * @param image      what the disk holds now; empty if it has nothing of this group
     */
    void opened(NodeId node, ModelMember member, Membership membership, Optional<DurableImages.Image> image) {
        HardState hardState = image.map(DurableImages.Image::hardState).orElse(HardState.INITIAL);
        ModelLog log = new ModelLog();
        image.ifPresent(found -> {
            require(
                    found.firstIndex() <= chosen.lastIndex() + 1,
                    Invariant.CHOSEN_IS_KEPT,
                    "%s of group %d has trimmed its log up to index %d, but only %d are committed",
                    node,
                    groupId,
                    found.firstIndex(),
                    chosen.lastIndex());
            // What was trimmed was committed, and is what everybody else had there.
            log.replaceBy(chosen.upTo(found.firstIndex() - 1));
            for (long index = found.firstIndex(); index <= found.lastIndex(); index++) {
                log.append(found.entry(index).orElseThrow());
            }
        });
        if (member.isDamaged()) {
            requireSoundRepair(node, member, hardState, log);
            member.recovered(hardState, log);
            return;
        }
        require(
                member.mayRecover(hardState),
                Invariant.RECOVERS_WHAT_WAS_DURABLE,
                "%s of group %d starts with %s, its disk held %s",
                node,
                groupId,
                hardState,
                member.durableHardState());
        require(
                member.mayRecover(log),
                Invariant.RECOVERS_WHAT_WAS_DURABLE,
                "%s of group %d starts with %s, its disk held %s",
                node,
                groupId,
                log,
                member.durableLog());
        // A newcomer that has the log's beginning only was never told who founded the group: it is none of them.
        boolean isNewcomer = log.membership().isEmpty() && !membership.isMember(node);
        require(
                log.lastIndex() == 0
                        || isNewcomer
                        || membership.equals(log.membership().orElse(initial)),
                Invariant.MEMBERSHIP_IS_THE_LOGS,
                "%s of group %d starts with %s, but in its log is %s",
                node,
                groupId,
                membership,
                log.membership().orElse(initial));
        member.recovered(hardState, log);
    }

    /**
     * A repaired log holds what it held, or what is chosen instead; and what it held and has no more, which this member may
     * have accepted, can never be chosen, or was being cut when the damage was found, or the power failed.
     */
    private void requireSoundRepair(NodeId node, ModelMember member, HardState hardState, ModelLog log) {
        require(
                member.mayRecover(hardState)
                        || hardState.term() > member.durableHardState().term()
                                && hardState.votedFor().isEmpty(),
                Invariant.REPAIR_KEEPS_WHAT_WAS_ACCEPTED,
                "%s of group %d is repaired with %s, its disk held %s",
                node,
                groupId,
                hardState,
                member.durableHardState());
        for (long index = 1; index <= log.lastIndex(); index++) {
            LogEntry entry = log.entry(index).orElseThrow();
            require(
                    chosen.holds(entry) || member.mayHold(entry),
                    Invariant.REPAIR_KEEPS_WHAT_WAS_ACCEPTED,
                    "%s of group %d is repaired with %s, which it never had and nobody has committed",
                    node,
                    groupId,
                    entry);
        }
        for (long index = 1; index <= member.durableLog().lastIndex(); index++) {
            LogEntry held = member.durableLog().entry(index).orElseThrow();
            require(
                    log.entry(index).filter(held::equals).isPresent()
                            || chosen.canNeverHold(held)
                            || member.mayHaveCut(index),
                    Invariant.REPAIR_KEEPS_WHAT_WAS_ACCEPTED,
                    "%s of group %d is repaired with %s, without %s, which may be committed: chosen are %d entries, the last one"
                            + " %s",
                    node,
                    groupId,
                    log,
                    held,
                    chosen.lastIndex(),
                    chosen.last());
        }
    }
}
