/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import io.quorate.client.QuorateException;

/** A command cannot do what it was asked: printed as {@code error[REASON]: message} and {@code hint: ...}. */
public final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String reason;
    private final String hint;

    /** @param hint what to do about it; empty if there is nothing to say */
    public CliException(int exitCode, String reason, String message, String hint, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
        this.reason = reason;
        this.hint = hint;
    }

    public static CliException usage(String message, String hint) {
        return new CliException(ExitCode.USAGE, "USAGE", message, hint, null);
    }

    public static CliException failed(String reason, String message, String hint) {
        return new CliException(ExitCode.FAILED, reason, message, hint, null);
    }

    /** What the client library refused or could not do. */
    public static CliException of(QuorateException e) {
        String message = e.getMessage() == null ? "no further details" : e.getMessage();
        return new CliException(ExitCode.ofReason(e.reason()), e.reason(), message, hintFor(e.reason()), e);
    }

    public int exitCode() {
        return exitCode;
    }

    public String reason() {
        return reason;
    }

    public String hint() {
        return hint;
    }

    private static String hintFor(String reason) {
        return switch (reason) {
            case "TOPIC_RECREATED" ->
                "run the command again for the topic that has the name now; its offsets begin anew";
            case "UNKNOWN_TOPIC" -> "quorate topic list shows the topics, quorate topic create NAME makes one";
            case "UNKNOWN_PARTITION" -> "quorate topic describe NAME shows the partitions";
            case "TOPIC_EXISTS" -> "quorate topic describe NAME shows it, quorate topic alter NAME changes it";
            case "TRIMMED" -> "read from start";
            case "BEYOND_TAIL" -> "read from end, or with --follow to wait for records";
            case "RECORD_TOO_LARGE" -> "split the record, or raise the topic's limit with quorate topic alter";
            case "NOT_ENOUGH_NODES" -> "ask for fewer replicas";
            case "UNAVAILABLE", "DEADLINE_EXCEEDED" ->
                "is the cluster running? quorate dev starts one here, --bootstrap names another";
            case "NO_LEADER", "NO_QUORUM", "LEADERSHIP_LOST", "REPLICA_FAILED", "SHUTTING_DOWN", "NOT_LEADER" ->
                "quorate cluster status shows which nodes are missing";
            case "OVERLOADED" -> "try again, or slower";
            case "DISK_FULL" ->
                "quorate cluster status shows which disks are full; appends go on by themselves with room";
            case "INTERNAL" -> "the server's log has the details";
            default -> "";
        };
    }
}
