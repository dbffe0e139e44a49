/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.client.LogRecord;
import java.util.List;

/**
 * Remembers, in a record header, that a line ended with its file and not with a newline: {@code append} and
 * {@code read} then give the same bytes back.
 */
final class LineEnd {
    static final String HEADER = "quorate.line-end";
    private static final byte[] NONE = {};

    private LineEnd() {}

    static LogRecord none(LogRecord line) {
        return new LogRecord(
                line.key(), line.value(), List.of(new LogRecord.Header(HEADER, NONE)), line.timestampMillis());
    }

    static boolean isNone(List<LogRecord.Header> headers) {
        return headers.stream().anyMatch(header -> header.name().equals(HEADER) && header.value().length == 0);
    }
}
