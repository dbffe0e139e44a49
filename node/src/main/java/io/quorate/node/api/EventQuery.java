/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.OptionalInt;

/**
 * Which of a node's events are wanted: the newest {@code limit} of those that match.
 *
 * @param topic         only those of its replicas, and those that concern the whole node; empty: all
 * @param partition     only this one of the topic
 * @param sinceMillis   not before this time, in ms since 1970
 * @param afterSequence only with a higher sequence, to go on where an earlier answer ended
 * @param limit         from 1 to {@value #MAX_LIMIT}
 * @param recentOnly    only those in memory: answered at once, whatever the disk does
 */
public record EventQuery(
        String topic, OptionalInt partition, long sinceMillis, long afterSequence, int limit, boolean recentOnly) {
    public static final int MAX_LIMIT = 5_000;

    public EventQuery {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("a limit of " + limit + " events, allowed 1 to " + MAX_LIMIT);
        }
    }
}
