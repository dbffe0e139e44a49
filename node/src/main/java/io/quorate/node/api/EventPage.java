/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Events of one node.
 *
 * @param nodeId       which node
 * @param events       oldest first
 * @param partitions   names of the groups in it, as far as the registry has them now
 * @param nowMillis    the node's wall clock when it answered
 * @param lastSequence of the newest event that there is, whether it matched or not; 0 if there is none
 */
public record EventPage(
        int nodeId,
        List<NodeEvent> events,
        SortedMap<Long, TopicPartition> partitions,
        long nowMillis,
        long lastSequence) {
    public EventPage {
        events = List.copyOf(events);
        partitions = Collections.unmodifiableSortedMap(new TreeMap<>(partitions));
    }
}
