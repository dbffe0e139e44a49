/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.quorate.client.QuorateException.Outcome;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Why a call failed: what the server said (docs/errors.md), or that it could not be asked.
 *
 * @param reason           a documented reason; UNAVAILABLE, DEADLINE_EXCEEDED or INTERNAL if the server gave none
 * @param fromServer       a node of Quorate decided this; otherwise network, process or gRPC did
 * @param neverSent        no connection could be made, so nobody has the request
 * @param metadata         as documented with the reason
 * @param retryAfterNanos  what the server asked for; 0: nothing
 */
record Failure(
        String reason,
        String message,
        boolean fromServer,
        boolean neverSent,
        Map<String, String> metadata,
        long retryAfterNanos) {
    private static final String DOMAIN = "quorate";

    /** Trying again may help, as it is. */
    private static final Set<String> RETRIABLE = Set.of(
            "NOT_LEADER",
            "NO_LEADER",
            "LEADERSHIP_LOST",
            "FENCED",
            "OVERLOADED",
            "DISK_FULL",
            "SHUTTING_DOWN",
            "REPLICA_FAILED",
            "NO_QUORUM",
            "DEADLINE_EXCEEDED",
            "UNAVAILABLE",
            "CORRUPT_REPLICA",
            "INTERNAL");

    /** The server refused before it did anything. */
    private static final Set<String> SURELY_REFUSED = Set.of(
            "NOT_LEADER",
            "NO_LEADER",
            "FENCED",
            "PRODUCER_FENCED",
            "OUT_OF_SEQUENCE",
            "UNKNOWN_PRODUCER",
            "UNKNOWN_TOPIC",
            "UNKNOWN_PARTITION",
            "TOPIC_RECREATED",
            "TOPIC_EXISTS",
            "INVALID_ARGUMENT",
            "RECORD_TOO_LARGE",
            "CORRUPT_BATCH",
            "OVERLOADED",
            "DISK_FULL",
            "TRIMMED",
            "BEYOND_TAIL",
            "SHUTTING_DOWN",
            "REPLICA_FAILED",
            "NO_QUORUM",
            "NOT_ENOUGH_NODES",
            "UNKNOWN_NODE",
            "CHANGE_REFUSED");

    static Failure local(String reason, String message) {
        return new Failure(reason, message, false, false, Map.of(), 0);
    }

    static Failure of(Status status, Metadata trailers) {
        com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
        ErrorInfo info = null;
        long retryAfterNanos = 0;
        try {
            for (Any detail : details.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    info = detail.unpack(ErrorInfo.class);
                } else if (detail.is(RetryInfo.class)) {
                    com.google.protobuf.Duration delay =
                            detail.unpack(RetryInfo.class).getRetryDelay();
                    long seconds = Math.max(0, Math.min(60, delay.getSeconds()));
                    retryAfterNanos = seconds * 1_000_000_000L + Math.max(0, delay.getNanos());
                }
            }
        } catch (InvalidProtocolBufferException e) {
            return local("INTERNAL", "the server's error details are malformed: " + e.getMessage());
        }
        if (info != null && info.getDomain().equals(DOMAIN)) {
            return new Failure(
                    info.getReason(), details.getMessage(), true, false, info.getMetadataMap(), retryAfterNanos);
        }
        return new Failure(reasonOf(status.getCode()), describe(status), false, isNeverSent(status), Map.of(), 0);
    }

    /**
     * Loads and initialises what it takes to understand the first refusal, some 100 ms of work in a cold process: the first
     * one usually comes in the middle of a change of leader. To be called before, not on the loop.
     */
    static void prepare() {
        com.google.rpc.Status refusal = com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.UNAVAILABLE.value())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain(DOMAIN)
                        .putMetadata("generation", "0")
                        .build()))
                .addDetails(Any.pack(RetryInfo.getDefaultInstance()))
                .build();
        StatusRuntimeException received = StatusProto.toStatusRuntimeException(refusal);
        of(received.getStatus(), received.getTrailers());
    }

    /** As a node would refuse it. */
    static Failure refusal(String reason, String message) {
        return new Failure(reason, message, true, false, Map.of(), 0);
    }

    private static boolean isNeverSent(Status status) {
        for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
                return true;
            }
        }
        return false;
    }

    private static String reasonOf(Status.Code code) {
        return switch (code) {
            case UNAVAILABLE, CANCELLED, ABORTED, UNKNOWN -> "UNAVAILABLE";
            case DEADLINE_EXCEEDED -> "DEADLINE_EXCEEDED";
            case RESOURCE_EXHAUSTED -> "OVERLOADED";
            case UNIMPLEMENTED, INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED -> "INVALID_ARGUMENT";
            default -> "INTERNAL";
        };
    }

    /** gRPC says "io exception"; the reason that helps is in the chain of causes. */
    private static String describe(Status status) {
        StringBuilder text = new StringBuilder();
        text.append(status.getDescription() == null ? status.getCode().name() : status.getDescription());
        Throwable cause = status.getCause();
        for (int depth = 0; cause != null && depth < 4; depth++) {
            String message = cause.getMessage();
            if (message != null && text.indexOf(message) < 0) {
                text.append(": ").append(message);
            }
            cause = cause.getCause();
        }
        return text.toString().replaceAll("\\s+", " ").strip();
    }

    boolean is(String name) {
        return reason.equals(name);
    }

    /** The topic, the partition or this incarnation of them has gone, as far as the node knows that answered. */
    boolean isGone() {
        return is("UNKNOWN_TOPIC") || is("UNKNOWN_PARTITION") || is("TOPIC_RECREATED");
    }

    /** A node looked at a batch and will never take it as it is. */
    boolean isRefusalOfBatch() {
        return fromServer
                && switch (reason) {
                    case "PRODUCER_FENCED",
                            "OUT_OF_SEQUENCE",
                            "INVALID_ARGUMENT",
                            "RECORD_TOO_LARGE",
                            "CORRUPT_BATCH" -> true;
                    default -> false;
                };
    }

    /** The node itself could not be talked to. */
    boolean isTransport() {
        return !fromServer && (is("UNAVAILABLE") || is("DEADLINE_EXCEEDED"));
    }

    boolean isRetriable() {
        return RETRIABLE.contains(reason);
    }

    /** Nothing was done with the request: the server says so, or it was never reached. */
    boolean isSureRefusal() {
        return neverSent || fromServer && SURELY_REFUSED.contains(reason);
    }

    OptionalLong number(String key) {
        String text = metadata.get(key);
        try {
            return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    Optional<String> text(String key) {
        return Optional.ofNullable(metadata.get(key)).filter(text -> !text.isEmpty());
    }

    QuorateException toException(String what, Outcome outcome) {
        return new QuorateException(reason, what + ": " + message, isRetriable(), outcome, null);
    }

    @Override
    public String toString() {
        return reason + " (" + message + ")";
    }
}
