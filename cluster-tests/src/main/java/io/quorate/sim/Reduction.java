/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

/** What a scenario can do without, of all that its seed draws. In the order in which it is worth trying. */
public enum Reduction {
    NO_BLACKOUT,
    NO_TOPIC_CHURN,
    NO_MOVES,
    NO_NODE_CHURN,
    ONE_TOPIC,
    ONE_PARTITION,
    NO_PLAIN_WRITERS,
    NO_READERS,
    ONE_PRODUCER,
    FEW_BATCHES,
    SMALL_BATCHES,
    NO_DUPLICATES,
    NO_LOSS,
    NO_LATE_MESSAGES,
    NO_REORDERING,
    NO_SLOW_FLUSHES,
    NO_CLOCK_DRIFT,
    LARGE_SEGMENTS
}
