/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

@DisplayName("What people type")
class ParsersTest {
    @ParameterizedTest
    @CsvSource({"250ms,250", "1.5s,1500", "2m,120000", "1h,3600000", "0s,0"})
    @DisplayName("as a duration is understood")
    void durations(String text, long millis) {
        assertEquals(Duration.ofMillis(millis), new Durations().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "-1s", "1 s", "1w", "1e3s", "9999999999s"})
    @DisplayName("and is no duration is refused")
    void noDurations(String text) {
        assertThrows(TypeConversionException.class, () -> new Durations().convert(text));
    }

    @ParameterizedTest
    @CsvSource({"0,0.0 ms", "3000000,3.0 ms", "412000000,412 ms", "2140000000,2.1 s"})
    @DisplayName("is answered with short durations")
    void formattedDurations(long nanos, String expected) {
        assertEquals(expected, Durations.format(nanos));
    }

    @ParameterizedTest
    @CsvSource({"512,512", "1k,1024", "64KiB,65536", "1MB,1048576", "2047m,2146435072", "7b,7"})
    @DisplayName("as a size is understood, with powers of 1024")
    void sizes(String text, int bytes) {
        assertEquals(bytes, new Sizes().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "-1", "1.5k", "1g", "2048m", "99999999999"})
    @DisplayName("and is no size is refused")
    void noSizes(String text) {
        assertThrows(TypeConversionException.class, () -> new Sizes().convert(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a:1|a:1",
                "127.0.0.1:7400,127.0.0.1:7401|127.0.0.1:7400;127.0.0.1:7401",
                "quorate://a:1, b:2|a:1;b:2",
                "[::1]:7400|[::1]:7400"
            })
    @DisplayName("as addresses of nodes is understood")
    void addresses(String text, String expected) {
        assertEquals(List.of(expected.split(";")), Bootstrap.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", ":7400", "a:0", "a:65536", "a:b", "a:1,", "http://a:1"})
    @DisplayName("and is no address of a node is a usage error with an example")
    void noAddresses(String text) {
        CliException error = assertThrows(CliException.class, () -> Bootstrap.parse(text));
        assertEquals(ExitCode.USAGE, error.exitCode());
        assertEquals(true, error.hint().contains("host:port"), error.hint());
    }
}
