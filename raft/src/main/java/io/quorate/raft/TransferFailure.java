/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** Why leadership was not handed over: the kind, of which there are few; events have the details. */
public enum TransferFailure {
    /** It was not done within a minimum election timeout. */
    TIMED_OUT,
    /** The connection to the target broke. */
    DISCONNECTED,
    /** The target is no voter, or not any more. */
    NOT_A_VOTER,
    /** The target's driver holds it back. */
    HELD_BACK
}
