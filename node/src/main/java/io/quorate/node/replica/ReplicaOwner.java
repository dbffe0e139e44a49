/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/** Learns what becomes of a replica. Called on the event loop. */
public interface ReplicaOwner {
    /** The state machine has applied everything that it could for now; at least one entry since the last call. */
    void onApplied(long appliedIndex);

    /** The state machine has become a snapshot of another replica; the log here goes on behind it. */
    void onRestored();

    /**
     * The log was damaged and is whole again, and the state machine goes on from where it was. The log may begin later than
     * it did, behind a snapshot of another replica.
     */
    default void onRepaired() {}

    /** This member leads {@code term}; the state machine may still lack what the log holds. */
    void onLeading(long term);

    /** This member led {@code term} and does not any more. */
    void onLeadershipLost(long term);

    /** It is known who leads after a while in which it was not, or a transfer of leadership came to nothing. */
    default void onLeaderSettled() {}

    /** Whether writers were sent away to a new leader, and it is not known here yet that it serves any of them. */
    default boolean hasSentAway() {
        return false;
    }

    /** The disk failed, or the log is damaged: the replica neither votes nor serves any more, or not until repaired. */
    void onFailed();
}
