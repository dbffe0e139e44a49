/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.cli.data.LineReader.LineTooLongException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Lines of an input")
class LineReaderTest {
    private static final int LIMIT = 1 << 20;

    @ParameterizedTest(name = "{index}")
    @MethodSource("inputs")
    @DisplayName("end at a newline and nowhere else; nothing in them is changed")
    void areSplit(String input, List<String> expected) throws IOException {
        byte[] bytes = input.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(expected, read(new ByteArrayInputStream(bytes)));
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("inputs")
    @DisplayName("are the same when the input comes byte by byte")
    void areSplitByteByByte(String input, List<String> expected) throws IOException {
        byte[] bytes = input.getBytes(StandardCharsets.ISO_8859_1);
        InputStream trickle = new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, 1));
            }
        };
        assertEquals(expected, read(trickle));
    }

    static Stream<Arguments> inputs() {
        return Stream.of(
                Arguments.of("", List.of()),
                Arguments.of("\n", List.of("")),
                Arguments.of("a", List.of("a")),
                Arguments.of("a\n", List.of("a")),
                Arguments.of("a\nb", List.of("a", "b")),
                Arguments.of("a\n\nb\n", List.of("a", "", "b")),
                Arguments.of("dos\r\nline\r", List.of("dos\r", "line\r")),
                Arguments.of(
                        "zero\0\u000b\u000c\u0085\nnot utf-8 \u00ff\u00fe\n",
                        List.of("zero\0\u000b\u000c\u0085", "not utf-8 \u00ff\u00fe")));
    }

    @Test
    @DisplayName("may be longer than any buffer")
    void mayBeLong() throws IOException {
        byte[] input = new byte[300_000];
        Arrays.fill(input, (byte) 'x');
        input[199_999] = '\n';
        LineReader lines = new LineReader(new ByteArrayInputStream(input), LIMIT);

        assertArrayEquals(Arrays.copyOf(input, 199_999), lines.readLine());
        assertEquals(100_000, lines.readLine().length);
        assertNull(lines.readLine());
    }

    @Test
    @DisplayName("are refused by number when they are longer than allowed")
    void mayBeTooLong() throws IOException {
        LineReader lines =
                new LineReader(new ByteArrayInputStream("12345\n123456\n".getBytes(StandardCharsets.US_ASCII)), 5);

        assertEquals(5, lines.readLine().length);
        LineTooLongException error = assertThrows(LineTooLongException.class, lines::readLine);
        assertEquals("line 2 is longer than 5 bytes", error.getMessage());
    }

    private static List<String> read(InputStream in) throws IOException {
        LineReader lines = new LineReader(in, LIMIT);
        List<String> all = new ArrayList<>();
        for (byte[] line = lines.readLine(); line != null; line = lines.readLine()) {
            all.add(new String(line, StandardCharsets.ISO_8859_1));
        }
        return all;
    }
}
