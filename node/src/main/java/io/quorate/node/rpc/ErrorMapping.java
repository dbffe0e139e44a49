/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import java.util.concurrent.TimeUnit;

/**
 * Turns refusals into statuses: the code of the reason, one ErrorInfo with the reason, and a RetryInfo if trying again
 * helps (docs/errors.md).
 */
public final class ErrorMapping {
    /** Domain of every ErrorInfo. */
    public static final String DOMAIN = "quorate";

    private ErrorMapping() {}

    public static StatusRuntimeException toStatus(Refusal refusal) {
        com.google.rpc.Status.Builder status = com.google.rpc.Status.newBuilder()
                .setCode(codeOf(refusal.reason()).value())
                .setMessage(refusal.message())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(refusal.reason().name())
                        .setDomain(DOMAIN)
                        .putAllMetadata(refusal.metadata())
                        .build()));
        if (refusal.retryAfterMillis() >= 0) {
            status.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(toDuration(refusal.retryAfterMillis()))
                    .build()));
        }
        return StatusProto.toStatusRuntimeException(status.build());
    }

    /**
     * Loads and initialises what the first refusal needs, some 100 ms of work in a cold process. The first one is usually
     * due in the middle of a change of leader, on the event loop: to be called before, on any other thread.
     */
    public static void prepare() {
        toStatus(Refusal.of(Reason.NO_LEADER, "").with("generation", 0).retryAfter(0));
    }

    /** The code that every refusal of this reason has. */
    public static Status.Code codeOf(Reason reason) {
        return switch (reason) {
            case NOT_LEADER, FENCED, PRODUCER_FENCED, UNKNOWN_PRODUCER, NOT_ENOUGH_NODES, CHANGE_REFUSED ->
                Status.Code.FAILED_PRECONDITION;
            case NO_LEADER, LEADERSHIP_LOST, SHUTTING_DOWN, REPLICA_FAILED, NO_QUORUM -> Status.Code.UNAVAILABLE;
            case OUT_OF_SEQUENCE -> Status.Code.ABORTED;
            case UNKNOWN_TOPIC, UNKNOWN_PARTITION, TOPIC_RECREATED, UNKNOWN_NODE -> Status.Code.NOT_FOUND;
            case TOPIC_EXISTS -> Status.Code.ALREADY_EXISTS;
            case INVALID_ARGUMENT, RECORD_TOO_LARGE, CORRUPT_BATCH -> Status.Code.INVALID_ARGUMENT;
            case OVERLOADED, DISK_FULL -> Status.Code.RESOURCE_EXHAUSTED;
            case TRIMMED, BEYOND_TAIL -> Status.Code.OUT_OF_RANGE;
            case CORRUPT_REPLICA -> Status.Code.DATA_LOSS;
            case INTERNAL -> Status.Code.INTERNAL;
        };
    }

    private static Duration toDuration(long millis) {
        long seconds = TimeUnit.MILLISECONDS.toSeconds(millis);
        long rest = millis - TimeUnit.SECONDS.toMillis(seconds);
        return Duration.newBuilder()
                .setSeconds(seconds)
                .setNanos((int) TimeUnit.MILLISECONDS.toNanos(rest))
                .build();
    }
}
