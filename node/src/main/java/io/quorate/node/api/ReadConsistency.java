/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/** Who may answer a read, and what the answer is sure to cover. The same names as quorate.v1.Consistency. */
public enum ReadConsistency {
    /** The leader, with all that was acknowledged before the request. */
    LEADER,

    /** Any replica, with all that was acknowledged before the request: a follower asks the leader how far that is. */
    LINEARIZABLE_ANY_REPLICA,

    /** Any replica, with what it knows, which may be old. */
    LOCAL;

    /** Whether only the leader may answer. */
    public boolean needsLeader() {
        return this == LEADER;
    }

    /** Whether the answer covers everything that was acknowledged before the request. */
    public boolean isLinearizable() {
        return this != LOCAL;
    }
}
