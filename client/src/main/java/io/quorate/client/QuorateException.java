/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/**
 * A request failed. {@link #reason()} is one of the documented reasons (docs/errors.md); {@link #outcome()} says what
 * happened to a write.
 */
public final class QuorateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is known of a write that failed. */
    public enum Outcome {
        /** Surely not in the log. */
        NOT_APPLIED,
        /** It may be in the log, now or later. */
        UNKNOWN
    }

    private final String reason;
    private final boolean retriable;
    private final Outcome outcome;

    public QuorateException(String reason, String message, boolean retriable, Outcome outcome, Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.retriable = retriable;
        this.outcome = outcome;
    }

    /** For example "UNKNOWN_TOPIC". */
    public String reason() {
        return reason;
    }

    /** Whether the same request may succeed later. */
    public boolean isRetriable() {
        return retriable;
    }

    public Outcome outcome() {
        return outcome;
    }
}
