/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.cli.base.CliException;
import io.quorate.client.LogRecord;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A key separator")
class KeySeparatorTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "none",
            value = {
                "':';'k:v';'k';'v'",
                "':';'k:v:w';'k';'v:w'",
                "':';':v';'';'v'",
                "':';'k:';'k';''",
                "':';'v';none;'v'",
                "':';'';none;''",
                "'=>';'a=b=>c';'a=b';'c'",
                "'→';'ä→ö';'ä';'ö'",
                "'aab';'aaabx';'a';'x'"
            })
    @DisplayName("splits a line where it first occurs; without it there is no key")
    void splits(String separator, String line, String key, String value) {
        LogRecord record = new KeySeparator(separator).split(bytes(line));

        assertEquals(Optional.ofNullable(key), record.key().map(KeySeparatorTest::text));
        assertEquals(value, text(record.value()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "none",
            value = {"'k';'v';'k:v'", "none;'v';'v'", "'';'v';':v'"})
    @DisplayName("joins what it split")
    void joins(String key, String value, String line) {
        byte[] joined = new KeySeparator(":").join(Optional.ofNullable(key).map(KeySeparatorTest::bytes), bytes(value));
        assertEquals(line, text(joined));
    }

    @Test
    @DisplayName("is not empty")
    void isNotEmpty() {
        assertThrows(CliException.class, () -> new KeySeparator(""));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
