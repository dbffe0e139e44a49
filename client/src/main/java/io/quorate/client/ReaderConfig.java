/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Instant;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What to read of a partition.
 *
 * @param position    where to start
 * @param untilOffset stop before this offset
 * @param limit       stop after this many records; 0: no bound
 * @param follow      wait for further records instead of ending at the high-water mark
 * @param consistency who answers, and what that is sure to cover
 * @param preferredNode of several replicas that may answer, the one of this node is asked first; without one, readers spread
 *                    over the replicas. A read that had to go elsewhere stays there as long as it can
 */
public record ReaderConfig(
        Position position,
        OptionalLong untilOffset,
        long limit,
        boolean follow,
        ReadConsistency consistency,
        OptionalInt preferredNode) {
    /** Where to start reading. */
    public sealed interface Position {
        /** The first offset that is kept. */
        record Earliest() implements Position {}

        /** The next offset to be written, as of the reader's creation. */
        record Latest() implements Position {}

        /** This offset; it may be the next one to be written. */
        record Offset(long offset) implements Position {
            public Offset {
                if (offset < 0) {
                    throw new IllegalArgumentException("offset " + offset + " is negative");
                }
            }
        }

        /**
         * The first record that was appended at this time or later, by the clocks of the leaders that took the records.
         * Records behind it may be older if a later leader's clock was behind its predecessor's.
         *
         * @param millis since 1970
         */
        record Since(long millis) implements Position {
            public Since {
                if (millis < 0) {
                    throw new IllegalArgumentException("time " + millis + " is before 1970");
                }
            }
        }

        static Position since(Instant time) {
            return new Since(time.toEpochMilli());
        }

        static Position earliest() {
            return new Earliest();
        }

        static Position latest() {
            return new Latest();
        }

        static Position offset(long offset) {
            return new Offset(offset);
        }
    }

    public ReaderConfig {
        Objects.requireNonNull(position, "position");
        Objects.requireNonNull(consistency, "consistency");
        if (limit < 0 || untilOffset.orElse(0) < 0) {
            throw new IllegalArgumentException(
                    "limit is " + limit + ", untilOffset is " + untilOffset + "; neither may be negative");
        }
        if (preferredNode.isPresent() && consistency == ReadConsistency.LEADER) {
            throw new IllegalArgumentException("node " + preferredNode.getAsInt()
                    + " is preferred, but only the leader may answer; choose ANY_REPLICA or LOCAL");
        }
    }

    /** Of the leader. */
    public ReaderConfig(Position position, OptionalLong untilOffset, long limit, boolean follow) {
        this(position, untilOffset, limit, follow, ReadConsistency.LEADER, OptionalInt.empty());
    }

    /** All that is there now. */
    public static ReaderConfig fromStart() {
        return new ReaderConfig(Position.earliest(), OptionalLong.empty(), 0, false);
    }

    /** The same of whichever replica may answer so. */
    public ReaderConfig with(ReadConsistency other) {
        return new ReaderConfig(position, untilOffset, limit, follow, other, OptionalInt.empty());
    }

    /** The same, of this node's replica if it can answer. */
    public ReaderConfig preferring(int nodeId) {
        return new ReaderConfig(position, untilOffset, limit, follow, consistency, OptionalInt.of(nodeId));
    }
}
