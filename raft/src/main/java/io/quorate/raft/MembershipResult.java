/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import java.util.Optional;

/** What became of a request to change the members of a group, at the door. */
public sealed interface MembershipResult {
    /**
     * Under way: new voters first catch up as learners, then the voters change jointly. It is done when
     * {@code RaftCore.membership()} is what was asked for and committed; a change of leader may leave it half done, with the
     * group in good order: the same request then finishes it.
     */
    record Started() implements MembershipResult {}

    /** @param leader who leads, as far as this member knows */
    record NotLeader(Optional<NodeId> leader) implements MembershipResult {}

    /** @param reason why it cannot be done now, for people; nothing has changed */
    record Refused(String reason) implements MembershipResult {}
}
