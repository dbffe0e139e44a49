/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a producer sends. Arrays are handed over and must not be modified.
 *
 * @param key             decides the partition, if present
 * @param value           the record
 * @param headers         names and values for the application
 * @param timestampMillis ms since 1970; negative: when it was sent
 */
public record LogRecord(Optional<byte[]> key, byte[] value, List<Header> headers, long timestampMillis) {
    /** A named value; at most 1,000 per record. */
    public record Header(String name, byte[] value) {
        public Header {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
        }
    }

    public LogRecord {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        headers = List.copyOf(headers);
    }

    /** Without a key, stamped when it is sent. */
    public static LogRecord of(byte[] value) {
        return new LogRecord(Optional.empty(), value, List.of(), -1);
    }

    /** With a key, stamped when it is sent. */
    public static LogRecord of(byte[] key, byte[] value) {
        return new LogRecord(Optional.of(key), value, List.of(), -1);
    }
}
