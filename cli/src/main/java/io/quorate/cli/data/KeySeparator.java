/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliException;
import io.quorate.client.LogRecord;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Splits a line into key and value at the first occurrence of some bytes. A line without them has no key. */
final class KeySeparator {
    private final byte[] separator;

    /** @throws CliException if {@code text} is empty */
    KeySeparator(String text) {
        if (text.isEmpty()) {
            throw CliException.usage("--key-separator is empty", "for example --key-separator : or $'\\t'");
        }
        separator = text.getBytes(StandardCharsets.UTF_8);
    }

    LogRecord split(byte[] line) {
        int at = indexOf(line);
        if (at < 0) {
            return LogRecord.of(line);
        }
        return LogRecord.of(
                Arrays.copyOfRange(line, 0, at), Arrays.copyOfRange(line, at + separator.length, line.length));
    }

    /** @param key absent: only the value is written */
    byte[] join(Optional<byte[]> key, byte[] value) {
        if (key.isEmpty()) {
            return value;
        }
        byte[] keyBytes = key.get();
        byte[] line = Arrays.copyOf(keyBytes, keyBytes.length + separator.length + value.length);
        System.arraycopy(separator, 0, line, keyBytes.length, separator.length);
        System.arraycopy(value, 0, line, keyBytes.length + separator.length, value.length);
        return line;
    }

    private int indexOf(byte[] line) {
        for (int at = 0; at + separator.length <= line.length; at++) {
            if (Arrays.equals(line, at, at + separator.length, separator, 0, separator.length)) {
                return at;
            }
        }
        return -1;
    }
}
