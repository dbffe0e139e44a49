/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.output.Json;
import io.quorate.cli.output.Terminal;
import io.quorate.cli.output.TextBytes;
import io.quorate.client.LogRecord;
import io.quorate.client.ReceivedRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes records to standard output: raw, which is value and newline, or one JSON object per line. The newline of a
 * record that had none in its file is written only if another record follows. Thread-safe.
 */
final class RecordPrinter {
    /** How a record is written. */
    enum Format {
        RAW,
        JSON
    }

    private final Terminal terminal;
    private final String topic;
    private final Format format;
    private final KeySeparator keySeparator;
    private boolean owesNewline;

    /** @param keySeparator between key and value of a raw record that has a key; null: raw records show no key */
    RecordPrinter(Terminal terminal, String topic, Format format, KeySeparator keySeparator) {
        this.terminal = terminal;
        this.topic = topic;
        this.format = format;
        this.keySeparator = keySeparator;
    }

    synchronized void print(ReceivedRecord record) {
        if (format == Format.JSON) {
            terminal.println(Json.write(json(record)));
            return;
        }
        if (owesNewline) {
            terminal.write('\n');
        }
        byte[] line = keySeparator == null ? record.value() : keySeparator.join(record.key(), record.value());
        terminal.write(line, 0, line.length);
        owesNewline = LineEnd.isNone(record.headers());
        if (!owesNewline) {
            terminal.write('\n');
        }
    }

    private Map<String, Object> json(ReceivedRecord record) {
        Map<String, Object> object = Json.object(
                "topic", topic,
                "partition", record.partition(),
                "offset", record.offset(),
                "generation", record.generation(),
                "timestampMs", record.timestampMillis());
        record.key().ifPresent(key -> TextBytes.put(object, "key", key));
        TextBytes.put(object, "value", record.value());
        if (!record.headers().isEmpty()) {
            List<Object> headers = new ArrayList<>();
            for (LogRecord.Header header : record.headers()) {
                Map<String, Object> one = Json.object("name", header.name());
                TextBytes.put(one, "value", header.value());
                headers.add(one);
            }
            object.put("headers", headers);
        }
        return object;
    }
}
