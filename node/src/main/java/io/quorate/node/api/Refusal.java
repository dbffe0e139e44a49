/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Why a request was not carried out. Turned into a gRPC status at the edge (docs/errors.md).
 *
 * @param reason           stable, for programs
 * @param message          for people: what, which limit, which value, what to do
 * @param metadata         keys as documented with the reason; sorted by key
 * @param retryAfterMillis when to try again; negative: retrying as it is does not help
 */
public record Refusal(Reason reason, String message, Map<String, String> metadata, long retryAfterMillis) {
    /** The same names as quorate.v1.ErrorReason. */
    public enum Reason {
        NOT_LEADER,
        NO_LEADER,
        LEADERSHIP_LOST,
        FENCED,
        PRODUCER_FENCED,
        OUT_OF_SEQUENCE,
        UNKNOWN_PRODUCER,
        UNKNOWN_TOPIC,
        UNKNOWN_PARTITION,
        TOPIC_RECREATED,
        TOPIC_EXISTS,
        INVALID_ARGUMENT,
        RECORD_TOO_LARGE,
        CORRUPT_BATCH,
        OVERLOADED,
        TRIMMED,
        BEYOND_TAIL,
        SHUTTING_DOWN,
        REPLICA_FAILED,
        NO_QUORUM,
        NOT_ENOUGH_NODES,
        CORRUPT_REPLICA,
        DISK_FULL,
        UNKNOWN_NODE,
        CHANGE_REFUSED,
        INTERNAL
    }

    public Refusal {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(message, "message");
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }

    public static Refusal of(Reason reason, String message) {
        return new Refusal(reason, message, Map.of(), -1);
    }

    /** The same with one more key; replaces an older value of it. */
    public Refusal with(String key, String value) {
        TreeMap<String, String> more = new TreeMap<>(metadata);
        more.put(key, value);
        return new Refusal(reason, message, more, retryAfterMillis);
    }

    public Refusal with(String key, long value) {
        return with(key, Long.toString(value));
    }

    /** The same, worth another try in so many milliseconds. */
    public Refusal retryAfter(long millis) {
        return new Refusal(reason, message, metadata, millis);
    }
}
