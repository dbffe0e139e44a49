/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("JSON")
class JsonTest {
    @ParameterizedTest(name = "{1}")
    @MethodSource("values")
    @DisplayName("is written on one line, in the given order")
    void isWritten(Object value, String expected) {
        assertEquals(expected, Json.write(value));
    }

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of(null, "null"),
                Arguments.of(Json.object(), "{}"),
                Arguments.of(List.of(), "[]"),
                Arguments.of(Json.object("b", 1, "a", true), "{\"b\":1,\"a\":true}"),
                Arguments.of(Json.object("list", List.of(1L, 2.5, "x")), "{\"list\":[1,2.5,\"x\"]}"),
                Arguments.of(Json.object("none", null), "{\"none\":null}"),
                Arguments.of(Double.NaN, "null"),
                Arguments.of(Double.POSITIVE_INFINITY, "null"),
                Arguments.of("quote \" backslash \\", "\"quote \\\" backslash \\\\\""),
                Arguments.of("line\nreturn\rtab\t", "\"line\\nreturn\\rtab\\t\""),
                Arguments.of("escape \u001b[31m", "\"escape \\u001b[31m\""),
                Arguments.of("separators \u2028\u2029", "\"separators \\u2028\\u2029\""),
                Arguments.of("größer 😀", "\"größer 😀\""));
    }

    @Test
    @DisplayName("of something else is refused")
    void refusesOthers() {
        assertThrows(IllegalArgumentException.class, () -> Json.write(new Object()));
    }
}
