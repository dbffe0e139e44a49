/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.events;

import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import java.util.Locale;

/** Events in plain words. */
public final class EventText {
    private EventText() {}

    /** For example "leader-lost". Stable, for programs and filters. */
    public static String name(Event event) {
        String name = event.getKind().name();
        return event.getKind() == EventKind.UNRECOGNIZED
                ? "unknown"
                : name.substring("EVENT_KIND_".length())
                        .toLowerCase(Locale.ROOT)
                        .replace('_', '-');
    }

    /** What the event concerns: "demo/0", "metadata", "group 7" for one that is gone, "-" for the whole node. */
    public static String subject(Event event) {
        if (!event.hasGroupId()) {
            return "-";
        }
        if (!event.getTopic().isEmpty()) {
            return event.getTopic() + "/" + event.getPartition();
        }
        return event.getGroupId() == 0 ? "metadata" : "group " + event.getGroupId();
    }

    /** What happened, as the rest of a sentence that begins with the node. */
    public static String sentence(Event event) {
        String peer = "node " + event.getPeerId();
        String why = event.getDetail().isEmpty() ? "" : ": " + event.getDetail();
        return switch (event.getKind()) {
            case EVENT_KIND_NODE_STARTED -> "started" + why;
            case EVENT_KIND_NODE_STOPPING -> "was told to stop";
            case EVENT_KIND_PEER_CONNECTED -> "was connected with " + peer;
            case EVENT_KIND_PEER_DISCONNECTED -> "lost the connection with " + peer;
            case EVENT_KIND_REPLICA_OPENED -> "opened its replica" + why;
            case EVENT_KIND_REPLICA_FAILED -> "gave up its replica" + why;
            case EVENT_KIND_REPLICA_QUARANTINED -> "found its replica's log damaged" + why;
            case EVENT_KIND_REPLICA_REPAIRED -> "had its replica's log repaired from the others" + why;
            case EVENT_KIND_SCRUBBED -> "looked for damage in its logs" + why;
            case EVENT_KIND_TOPIC_DELETED -> "learnt that the topic was deleted" + why;
            case EVENT_KIND_PRE_VOTE_STARTED -> "asked for support to be elected" + why;
            case EVENT_KIND_ELECTION_STARTED -> "stood for election" + why;
            case EVENT_KIND_BECAME_LEADER -> "became the leader" + why;
            case EVENT_KIND_LEADERSHIP_LOST -> "led no more" + why;
            case EVENT_KIND_BECAME_FOLLOWER -> "became a follower" + why;
            case EVENT_KIND_FOLLOWS_LEADER -> "followed " + peer + why;
            case EVENT_KIND_VOTE_GRANTED -> "voted for " + peer + why;
            case EVENT_KIND_VOTE_REFUSED -> "refused its vote to " + peer + why;
            case EVENT_KIND_PRE_VOTE_REFUSED -> "did not support " + peer + why;
            case EVENT_KIND_LOG_TRUNCATED -> "dropped uncommitted entries" + why;
            case EVENT_KIND_MESSAGE_DROPPED -> "dropped a message of " + peer + why;
            case EVENT_KIND_DISK_STALLED -> "got no answer from its disk any more" + why;
            case EVENT_KIND_DISK_ANSWERS -> "got answers from its disk again" + why;
            case EVENT_KIND_DISK_LOW -> "had little room left on its disk" + why;
            case EVENT_KIND_DISK_FULL -> "had too little room on its disk to take appends" + why;
            case EVENT_KIND_DISK_HAS_ROOM -> "had room on its disk again" + why;
            case EVENT_KIND_REQUESTS_REFUSED -> "refused requests" + why;
            case EVENT_KIND_FOLLOWER_LAGS -> "saw " + peer + " fall behind" + why;
            case EVENT_KIND_FOLLOWER_CAUGHT_UP -> "saw that " + peer + " had caught up" + why;
            case EVENT_KIND_EVENTS_DROPPED -> "did not record everything" + why;
            case EVENT_KIND_RAFT, EVENT_KIND_UNSPECIFIED, UNRECOGNIZED -> "told" + why;
        };
    }
}
