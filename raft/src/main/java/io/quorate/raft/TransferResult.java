/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** What became of a request to hand over leadership, at the door. */
public sealed interface TransferResult {
    /**
     * Under way: no proposal is admitted until it ends. It ends with this member a follower, or after an election timeout
     * with {@link RaftEvent.TransferAborted}.
     */
    record Started() implements TransferResult {}

    /** @param reason why it cannot be done now, for people; leadership stays as it is */
    record Refused(String reason) implements TransferResult {}
}
