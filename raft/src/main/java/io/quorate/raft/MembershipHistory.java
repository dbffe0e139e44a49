/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import java.util.ArrayList;
import java.util.List;

/**
 * The memberships along a log: each is in force from the entry on that brought it, committed or not, and is undone when
 * that entry is cut (thesis §4.1). The first one is that of the log's beginning. Not thread-safe.
 */
public final class MembershipHistory {
    private record Since(long index, Membership membership) {}

    private final List<Since> changes = new ArrayList<>();

    /** @param base in force before the first change; of a new member: whom it was told of, possibly without itself */
    public MembershipHistory(Membership base) {
        changes.add(new Since(0, base));
    }

    /**
     * An entry of the log brings this membership.
     *
     * @param index above that of the last change
     */
    public MembershipHistory add(long index, Membership membership) {
        Invariants.check(index > currentIndex(), "changes are in order", index, currentIndex());
        changes.add(new Since(index, membership));
        return this;
    }

    Membership current() {
        return changes.get(changes.size() - 1).membership();
    }

    /** The entry that brought the current one; 0 if it was there from the beginning. */
    long currentIndex() {
        return changes.get(changes.size() - 1).index();
    }

    /** The one in force as of this entry. */
    Membership at(long index) {
        int found = changes.size() - 1;
        while (found > 0 && changes.get(found).index() > index) {
            found--;
        }
        return changes.get(found).membership();
    }

    /** The log forgot {@code fromIndex} and all after it. Whether that undid a change. */
    boolean truncateSuffix(long fromIndex) {
        boolean undone = false;
        while (changes.size() > 1 && currentIndex() >= fromIndex) {
            changes.remove(changes.size() - 1);
            undone = true;
        }
        return undone;
    }

    /** The log forgot all before {@code firstKept}. */
    void truncatePrefix(long firstKept) {
        while (changes.size() > 1 && changes.get(1).index() < firstKept) {
            changes.remove(0);
        }
    }

    /** A snapshot took the place of the log. */
    void replaceBy(long index, Membership membership) {
        changes.clear();
        changes.add(new Since(index, membership));
    }

    MembershipHistory copy() {
        MembershipHistory copy = new MembershipHistory(changes.get(0).membership());
        copy.changes.clear();
        copy.changes.addAll(changes);
        return copy;
    }
}
