/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

/** What the command tells the shell. Part of the interface: docs/cli.md lists them and scripts rely on them. */
public final class ExitCode {
    public static final int OK = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;
    /** The cluster answered, and is not well. */
    public static final int UNHEALTHY = 3;

    public static final int NOT_FOUND = 4;
    /** The request contradicts the state of the cluster, a fenced writer included. */
    public static final int PRECONDITION = 5;
    /** Nobody could serve the request in time; the same request may succeed later. */
    public static final int UNAVAILABLE = 6;
    /** Set by the JVM itself when SIGINT ends it. */
    public static final int INTERRUPTED = 130;

    private ExitCode() {}

    /** @param reason name of an {@code io.quorate.v1.ErrorReason} without its prefix, or one that the client made */
    public static int ofReason(String reason) {
        return switch (reason) {
            case "INVALID_ARGUMENT" -> USAGE;
            case "UNKNOWN_TOPIC", "UNKNOWN_PARTITION", "TOPIC_RECREATED", "UNKNOWN_NODE" -> NOT_FOUND;
            case "TOPIC_EXISTS",
                    "FENCED",
                    "PRODUCER_FENCED",
                    "OUT_OF_SEQUENCE",
                    "UNKNOWN_PRODUCER",
                    "TRIMMED",
                    "BEYOND_TAIL",
                    "NOT_ENOUGH_NODES",
                    "CHANGE_REFUSED" -> PRECONDITION;
            case "UNAVAILABLE",
                    "NOT_LEADER",
                    "NO_LEADER",
                    "LEADERSHIP_LOST",
                    "OVERLOADED",
                    "DISK_FULL",
                    "SHUTTING_DOWN",
                    "REPLICA_FAILED",
                    "NO_QUORUM",
                    "DEADLINE_EXCEEDED" -> UNAVAILABLE;
            default -> FAILED;
        };
    }
}
