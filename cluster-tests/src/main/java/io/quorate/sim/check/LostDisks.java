/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.check;

import static io.quorate.sim.check.Violation.require;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.NodeId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Promise P10: which members of groups were on a disk that was lost. They are dead: what they had counts as it was, and
 * nobody ever speaks in their name again. Their node takes part again as other members, and only when an operator wants it.
 */
final class LostDisks implements DurableImages {
    private record Member(long groupId, NodeId id) {
        NodeId node() {
            return MemberId.node(id);
        }
    }

    private final DurableImages disks;
    private final Map<Member, Optional<Image>> lost = new HashMap<>();
    /** Since the last loss on their node. */
    private final Set<Member> opened = new HashSet<>();
    /** Nodes that have ever lost their disk, and whether an operator has wanted one back. */
    private final Map<NodeId, Boolean> readmitted = new HashMap<>();

    /** @param disks those that are there now */
    LostDisks(DurableImages disks) {
        this.disks = disks;
    }

    @Override
    public Optional<Image> of(NodeId member, long groupId) {
        Optional<Image> last = lost.get(new Member(groupId, member));
        return last != null ? last : disks.of(member, groupId);
    }

    /** Before the disk goes: the member was on it. */
    void onLost(NodeId member, long groupId) {
        lost.computeIfAbsent(new Member(groupId, member), any -> disks.of(member, groupId));
    }

    /** Everything that was on the node's disk has gone. */
    void onLost(NodeId node) {
        readmitted.putIfAbsent(node, false);
        opened.removeIf(member -> member.node().equals(node));
    }

    /** An operator asks for the node to be readmitted. */
    void onReadmissionAsked(NodeId node) {
        readmitted.replace(node, true);
    }

    void onOpened(NodeId member, long groupId) {
        requireMemory(member, groupId);
        opened.add(new Member(groupId, member));
    }

    /** The member does or says something. */
    void requireMemory(NodeId member, long groupId) {
        if (readmitted.isEmpty()) {
            return;
        }
        require(
                !lost.containsKey(new Member(groupId, member)),
                Invariant.VOTES_ONLY_WITH_ITS_MEMORY,
                "%s takes part in group %d again, but the disk with what it has voted and accepted was lost",
                member,
                groupId);
        require(
                readmitted.getOrDefault(MemberId.node(member), true),
                Invariant.VOTES_ONLY_WITH_ITS_MEMORY,
                "%s takes part in group %d, but its node has lost its disk and nobody has readmitted it",
                member,
                groupId);
    }

    /** Whether the member has, or is getting from others, all that it should have: there was no loss, or it came after it. */
    boolean isThere(NodeId member, long groupId) {
        return !readmitted.containsKey(MemberId.node(member)) || opened.contains(new Member(groupId, member));
    }
}
