/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.node.api.EventPage;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.rpc.Requests.InvalidRequestException;
import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import io.quorate.v1.ListEventsRequest;
import io.quorate.v1.ListEventsResponse;
import java.util.OptionalInt;

/** Events of a node, as messages. */
final class EventMessages {
    private static final int DEFAULT_LIMIT = 1_000;

    private EventMessages() {}

    static EventQuery toQuery(ListEventsRequest request) throws InvalidRequestException {
        int limit = Requests.count("limit", request.getLimit());
        if (limit > EventQuery.MAX_LIMIT) {
            throw new InvalidRequestException("limit", "at most " + EventQuery.MAX_LIMIT + " events, was " + limit);
        }
        if (request.hasPartition() && request.getTopic().isEmpty()) {
            throw new InvalidRequestException("partition", "needs a topic");
        }
        return new EventQuery(
                request.getTopic(),
                request.hasPartition()
                        ? OptionalInt.of(Requests.count("partition", request.getPartition()))
                        : OptionalInt.empty(),
                Requests.number("since_ms", request.getSinceMs()),
                Requests.number("after_sequence", request.getAfterSequence()),
                limit == 0 ? DEFAULT_LIMIT : limit,
                request.getRecentOnly());
    }

    static ListEventsResponse toProto(EventPage page) {
        ListEventsResponse.Builder response = ListEventsResponse.newBuilder()
                .setNodeId(page.nodeId())
                .setNowMs(page.nowMillis())
                .setLastSequence(page.lastSequence());
        for (NodeEvent event : page.events()) {
            response.addEvents(toProto(event, page));
        }
        return response.build();
    }

    private static Event toProto(NodeEvent event, EventPage page) {
        Event.Builder message = Event.newBuilder()
                .setSequence(event.sequence())
                .setTimeMs(event.timeMillis())
                .setKind(EventKind.valueOf("EVENT_KIND_" + event.kind().name()))
                .setGeneration(event.generation())
                .setPeerId(event.peer())
                .setDetail(event.detail());
        if (!event.concernsNode()) {
            message.setGroupId(event.groupId());
            TopicPartition partition = page.partitions().get(event.groupId());
            if (partition != null) {
                message.setTopic(partition.topic()).setPartition(partition.partition());
            }
        }
        return message.build();
    }
}
