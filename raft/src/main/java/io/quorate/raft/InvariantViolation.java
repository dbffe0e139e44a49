/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/**
 * A bug: this member's own state, or what its driver told it, contradicts the protocol. Never the fault of a peer's
 * message. The member must not be used any more; its durable state is as good as its last completed persist.
 */
public final class InvariantViolation extends Error {
    private static final long serialVersionUID = 1L;

    InvariantViolation(String message) {
        super(message);
    }
}
