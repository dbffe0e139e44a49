/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.events;

import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.cli.output.Table;
import io.quorate.cli.output.Terminal;
import io.quorate.v1.Event;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints events in the order given: a table, lines with tabs, or a JSON object per line. */
public final class EventPrinter {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Terminal terminal;
    private final OutputFormat format;

    EventPrinter(Terminal terminal, OutputFormat format) {
        this.terminal = terminal;
        this.format = format;
    }

    /** An event and the node that it happened on; 0 if that is not known. */
    public record Located(int nodeId, Event event) {}

    void print(List<Located> events) {
        if (format == OutputFormat.JSON) {
            events.forEach(located -> terminal.println(Json.write(json(located))));
            return;
        }
        Table table = new Table("TIME", "NODE", "PARTITION", ">GENERATION", "EVENT", "WHAT HAPPENED");
        for (Located located : events) {
            Event event = located.event();
            table.row(
                    time(event.getTimeMs()),
                    located.nodeId() == 0 ? "?" : located.nodeId(),
                    EventText.subject(event),
                    event.getGeneration() == 0 ? "-" : event.getGeneration(),
                    EventText.name(event),
                    EventText.sentence(event));
        }
        format.print(terminal, table);
    }

    /** In this machine's time zone. */
    public static String time(long millis) {
        return TIME.format(Instant.ofEpochMilli(millis));
    }

    public static Map<String, Object> json(Located located) {
        Event event = located.event();
        return Json.object(
                "timeMs", event.getTimeMs(),
                "time", Instant.ofEpochMilli(event.getTimeMs()).toString(),
                "nodeId", located.nodeId() == 0 ? null : located.nodeId(),
                "sequence", event.getSequence(),
                "event", EventText.name(event),
                "groupId", event.hasGroupId() ? event.getGroupId() : null,
                "topic", event.getTopic().isEmpty() ? null : event.getTopic(),
                "partition", event.getTopic().isEmpty() ? null : event.getPartition(),
                "generation", event.getGeneration() == 0 ? null : event.getGeneration(),
                "peerId", event.getPeerId() == 0 ? null : event.getPeerId(),
                "detail", event.getDetail());
    }
}
