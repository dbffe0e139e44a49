/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A table")
class TableTest {
    private final Table table =
            new Table("NODE", ">LEADS", "STATE").row(1, 12, "up").row(22, 3, "not answering");

    @Test
    @DisplayName("is aligned under its header, numbers to the right, without blanks at the end of a line")
    void isAligned() {
        assertEquals(
                List.of(
                        "NODE  LEADS  STATE", //
                        "1        12  up",
                        "22        3  not answering"),
                table.aligned());
    }

    @Test
    @DisplayName("is, where nobody looks, one line per row with tabs and no header")
    void isPlain() {
        assertEquals(List.of("1\t12\tup", "22\t3\tnot answering"), table.plain());
    }

    @Test
    @DisplayName("counts characters, not their encoding")
    void countsCodePoints() {
        assertEquals(
                List.of("A   B", "1✕  x", "😀   y"),
                new Table("A", "B").row("1✕", "x").row("😀", "y").aligned());
    }

    @Test
    @DisplayName("keeps control characters of a cell from the terminal")
    void replacesControlCharacters() {
        assertEquals(List.of("a b c"), new Table("A").row("a\tb\nc").plain());
    }

    @Test
    @DisplayName("refuses a row of another length")
    void refusesOtherLengths() {
        assertThrows(IllegalArgumentException.class, () -> table.row(1, 2));
    }
}
