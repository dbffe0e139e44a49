/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.cli.output.Terminal;
import io.quorate.cli.output.TextBytes;
import io.quorate.logstore.LogInspection.EntryVisitor;
import io.quorate.logstore.LogInspection.StoredEntry;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.Payload;
import io.quorate.wire.BatchHeader;
import io.quorate.wire.InvalidBatchException;
import io.quorate.wire.RecordBatch;
import io.quorate.wire.RecordCursor;
import io.quorate.wire.RecordHeader;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints entries as they come, one line each, and the records of each under it; or one JSON object per line. */
final class EntryPrinter implements EntryVisitor {
    private static final String HEADER = "INDEX\tTERM\tTYPE\tOFFSET\tRECORDS\tTIMESTAMP\tPOSITION\tBYTES\tCRC\tSTATE";

    private final Terminal terminal;
    private final OutputFormat format;
    private final boolean records;
    private final long limit;
    private long printed;
    private boolean sawDamage;

    /** @param limit how many entries, 1 or more */
    EntryPrinter(Terminal terminal, OutputFormat format, boolean records, long limit) {
        this.terminal = terminal;
        this.format = format;
        this.records = records;
        this.limit = limit;
    }

    boolean sawDamage() {
        return sawDamage;
    }

    @Override
    public boolean onEntry(StoredEntry entry) {
        sawDamage |= !entry.isIntact();
        if (format == OutputFormat.JSON) {
            printJson(entry);
        } else {
            printText(entry);
        }
        if (records && entry.typeCode() == EntryType.RECORDS.code()) {
            entry.payload().ifPresent(payload -> printRecords(entry, payload));
        }
        return ++printed < limit;
    }

    @Override
    public boolean onUnreadable(Path file, long from, long to) {
        sawDamage = true;
        if (format == OutputFormat.JSON) {
            terminal.println(
                    Json.write(Json.object("file", file.toString(), "unreadableFrom", from, "unreadableTo", to)));
        } else {
            terminal.println("unreadable: " + file + " from position " + from + " to " + to);
        }
        return true;
    }

    private void printText(StoredEntry entry) {
        if (format == OutputFormat.TABLE && printed == 0) {
            terminal.println(HEADER);
        }
        terminal.println(String.join(
                "\t",
                String.valueOf(entry.index()),
                String.valueOf(entry.term()),
                entry.typeName(),
                String.valueOf(entry.baseOffset()),
                String.valueOf(entry.recordCount()),
                Instant.ofEpochMilli(entry.timestampMillis()).toString(),
                String.valueOf(entry.position()),
                String.valueOf(entry.payloadBytes()),
                String.format(Locale.ROOT, "%08x", entry.payloadCrc()),
                state(entry)));
    }

    private String state(StoredEntry entry) {
        String start = entry.isFlushStart() ? ",flush-start" : "";
        return (!entry.isIntact() ? "damaged" : records ? "verified" : "unverified") + start;
    }

    /** The records of a batch, as far as they can be read. */
    private void printRecords(StoredEntry entry, Payload payload) {
        try {
            RecordBatch batch = RecordBatch.of(payload.array(), payload.arrayOffset(), payload.size());
            printHeader(entry, batch.header());
            RecordCursor cursor = batch.cursor();
            for (long offset = entry.baseOffset(); cursor.next(); offset++) {
                terminal.println(format == OutputFormat.JSON ? recordJson(offset, cursor) : recordLine(offset, cursor));
            }
        } catch (InvalidBatchException e) {
            sawDamage = true;
            terminal.println(
                    format == OutputFormat.JSON
                            ? Json.write(Json.object("index", entry.index(), "invalidBatch", e.getMessage()))
                            : "\tinvalid batch: " + e.getMessage());
        }
    }

    private void printHeader(StoredEntry entry, BatchHeader header) {
        String producer = Long.toHexString(header.producerId());
        terminal.println(
                format == OutputFormat.JSON
                        ? Json.write(Json.object(
                                "index", entry.index(),
                                "producerId", producer,
                                "producerEpoch", header.producerEpoch(),
                                "baseSequence", header.baseSequence()))
                        : "\tproducer " + producer + ", epoch " + header.producerEpoch() + ", sequence from "
                                + header.baseSequence());
    }

    private static String recordLine(long offset, RecordCursor cursor) {
        StringBuilder line = new StringBuilder("\t" + offset + "\t" + Instant.ofEpochMilli(cursor.timestamp()));
        if (cursor.hasKey()) {
            line.append("\tkey ").append(TextBytes.quoted(cursor.key()));
        }
        line.append("\tvalue ").append(TextBytes.quoted(cursor.value()));
        for (RecordHeader header : cursor.headers()) {
            line.append("\theader ").append(Json.write(header.name()));
            line.append(' ').append(TextBytes.quoted(header.value()));
        }
        return line.toString();
    }

    private static String recordJson(long offset, RecordCursor cursor) {
        Map<String, Object> record = Json.object("offset", offset, "timestampMs", cursor.timestamp());
        if (cursor.hasKey()) {
            TextBytes.put(record, "key", cursor.key());
        }
        TextBytes.put(record, "value", cursor.value());
        List<Object> headers = new ArrayList<>();
        for (RecordHeader header : cursor.headers()) {
            Map<String, Object> one = Json.object("name", header.name());
            TextBytes.put(one, "value", header.value());
            headers.add(one);
        }
        if (!headers.isEmpty()) {
            record.put("headers", headers);
        }
        return Json.write(record);
    }

    private void printJson(StoredEntry entry) {
        Map<String, Object> object = Json.object(
                "index", entry.index(),
                "term", entry.term(),
                "type", entry.typeName(),
                "baseOffset", entry.baseOffset(),
                "recordCount", entry.recordCount(),
                "timestampMs", entry.timestampMillis(),
                "file", entry.file().toString(),
                "position", entry.position(),
                "payloadBytes", entry.payloadBytes(),
                "payloadCrc", String.format(Locale.ROOT, "%08x", entry.payloadCrc()),
                "flushStart", entry.isFlushStart(),
                "damaged", !entry.isIntact());
        terminal.println(Json.write(object));
    }
}
