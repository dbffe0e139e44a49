/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.events;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.NioDisk;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.events.EventRing;
import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The events in the data directory of a node that need not run. Changes nothing there. */
final class EventFiles {
    /** How a replica names itself when it is opened. */
    private static final Pattern NAME = Pattern.compile("([^/]+)/(\\d{1,9})(?:,.*)?");

    private EventFiles() {}

    /** Oldest first. @throws CliException if there is no such directory, or it cannot be read */
    static List<Event> read(Path dataDirectory) {
        if (!Files.isDirectory(dataDirectory.resolve(EventRing.DIRECTORY))) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    "NO_EVENTS",
                    dataDirectory + " is not the data directory of a node with a flight recorder",
                    "it is the data.dir of a node's configuration, and contains " + EventRing.DIRECTORY + "/",
                    null);
        }
        List<NodeEvent> found = new ArrayList<>();
        try {
            EventRing.read(new NioDisk(), dataDirectory, found::add);
        } catch (StorageException e) {
            throw new CliException(ExitCode.FAILED, "IO", e.getMessage(), "", e);
        }
        Map<Long, Matcher> names = new TreeMap<>();
        for (NodeEvent event : found) {
            Matcher name = NAME.matcher(event.detail());
            boolean naming = event.kind() == io.quorate.node.api.EventKind.REPLICA_OPENED
                    || event.kind() == io.quorate.node.api.EventKind.TOPIC_DELETED;
            if (naming && name.matches()) {
                names.put(event.groupId(), name);
            }
        }
        return found.stream().map(event -> toMessage(event, names)).toList();
    }

    private static Event toMessage(NodeEvent event, Map<Long, Matcher> names) {
        Event.Builder message = Event.newBuilder()
                .setSequence(event.sequence())
                .setTimeMs(event.timeMillis())
                .setKind(EventKind.valueOf("EVENT_KIND_" + event.kind().name()))
                .setGeneration(event.generation())
                .setPeerId(event.peer())
                .setDetail(event.detail());
        if (!event.concernsNode()) {
            message.setGroupId(event.groupId());
            Matcher name = names.get(event.groupId());
            if (name != null) {
                message.setTopic(name.group(1)).setPartition(Integer.parseInt(name.group(2)));
            }
        }
        return message.build();
    }
}
