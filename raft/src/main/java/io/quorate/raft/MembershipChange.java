/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Takes a group from one membership to another, one step at a time; each step is an entry, and the next one waits until it
 * is committed.
 *
 * <pre>
 *   voters A --new ones become learners--> A, learners --they have caught up--> A and B joint --> B      (paper §6)
 * </pre>
 *
 * <p>The last step is taken by every leader, whoever began (auto-leave); the others only by the one that was asked: a new
 * leader leaves learners what they are. Belongs to one leadership.
 */
final class MembershipChange {
    private final MemberCore core;
    private Optional<Membership> target = Optional.empty();

    MembershipChange(MemberCore core) {
        this.core = core;
    }

    /** Whether a step is not yet committed, or not the last one. To wait for learners is none: who asks anew is obeyed. */
    boolean isUnderWay() {
        return core.membership().isJoint()
                || core.memberships().currentIndex() > core.log().commitIndex();
    }

    void begin(Membership wanted) {
        target = Optional.of(wanted);
    }

    /**
     * The next step, if there is one and it may be taken; empty if not.
     *
     * @param hasCaughtUp whether a node has everything that was committed a moment ago: under load it always lacks a little
     */
    Optional<Membership> nextStep(Predicate<NodeId> hasCaughtUp) {
        Membership current = core.membership();
        if (core.memberships().currentIndex() > core.log().commitIndex()) {
            return Optional.empty();
        }
        if (current.isJoint()) {
            return Optional.of(current.settled());
        }
        if (target.isEmpty()) {
            return Optional.empty();
        }
        Membership wanted = target.get();
        if (current.equals(wanted)) {
            target = Optional.empty();
            return Optional.empty();
        }
        if (current.voters().equals(wanted.voters())) {
            return Optional.of(wanted);
        }
        List<NodeId> newcomers = new ArrayList<>(wanted.voters());
        newcomers.removeAll(current.voters());
        if (!current.learners().containsAll(newcomers)) {
            List<NodeId> learners = new ArrayList<>(current.learners());
            learners.addAll(newcomers);
            return Optional.of(new Membership(current.voters(), List.of(), learners, wanted.version()));
        }
        if (!newcomers.stream().allMatch(hasCaughtUp)) {
            return Optional.empty();
        }
        List<NodeId> learners = new ArrayList<>(wanted.learners());
        learners.removeAll(current.voters());
        return Optional.of(new Membership(wanted.voters(), current.voters(), learners, wanted.version()));
    }
}
