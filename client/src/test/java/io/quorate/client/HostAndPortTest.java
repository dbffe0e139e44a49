/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An address")
class HostAndPortTest {
    @ParameterizedTest
    @CsvSource({
        "localhost:7401, localhost:7401",
        "node-1, node-1:7400",
        "' 10.0.0.1:1 ', 10.0.0.1:1",
        "[::1]:7400, [::1]:7400",
        "[fe80::1], [fe80::1]:7400",
    })
    @DisplayName("is host and port, 7400 if none is given")
    void parse(String text, String normal) {
        assertEquals(normal, HostAndPort.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ":7400", "host:", "host:x", "host:0", "host:65536", "::1", "[::1", "http://host:1", "a/b"})
    @DisplayName("that is none is refused, and named")
    void refuse(String text) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> HostAndPort.parse(text));
        assertTrue(error.getMessage().contains("'" + text + "'"), error.getMessage());
    }

    @Test
    @DisplayName("list comes from a URI")
    void uri() {
        assertEquals(List.of("a:1", "b:7400"), HostAndPort.parseUri("quorate://a:1,b/"));
        assertEquals(List.of("a:1"), HostAndPort.parseUri("a:1"));
        assertThrows(IllegalArgumentException.class, () -> HostAndPort.parseUri("quorate://"));
        assertThrows(IllegalArgumentException.class, () -> HostAndPort.parseUri("quorate://a:1,"));
        assertThrows(IllegalArgumentException.class, () -> QuorateClient.connect("http://a:1"));
    }
}
