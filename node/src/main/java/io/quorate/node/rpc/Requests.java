/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What all services check before they ask the node: numbers that are unsigned on the wire must fit the signed types of
 * Java. Names and limits are the node's to check.
 */
final class Requests {
    private Requests() {}

    /** A request that cannot be understood; becomes an INVALID_ARGUMENT. */
    static final class InvalidRequestException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Refusal refusal;

        InvalidRequestException(String field, String message) {
            super(message);
            this.refusal = invalid(field, message);
        }

        Refusal refusal() {
            return refusal;
        }
    }

    static Refusal invalid(String field, String message) {
        return new Refusal(Reason.INVALID_ARGUMENT, field + ": " + message, Map.of("field", field), -1);
    }

    static TopicPartition partition(String topic, int partition, long groupId) throws InvalidRequestException {
        return new TopicPartition(topic, count("partition", partition), number("group_id", groupId));
    }

    static int count(String field, int unsigned) throws InvalidRequestException {
        if (unsigned < 0) {
            throw new InvalidRequestException(
                    field, "at most " + Integer.MAX_VALUE + ", was " + Integer.toUnsignedString(unsigned));
        }
        return unsigned;
    }

    static long number(String field, long unsigned) throws InvalidRequestException {
        if (unsigned < 0) {
            throw new InvalidRequestException(
                    field, "at most " + Long.MAX_VALUE + ", was " + Long.toUnsignedString(unsigned));
        }
        return unsigned;
    }

    static OptionalLong optional(boolean present, String field, long unsigned) throws InvalidRequestException {
        return present ? OptionalLong.of(number(field, unsigned)) : OptionalLong.empty();
    }
}
