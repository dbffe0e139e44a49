/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

/** How a verb prints what it found. */
public enum OutputFormat {
    /** Aligned columns with a header; the default on a terminal. */
    TABLE,
    /** Tab-separated, no header; the default elsewhere. */
    PLAIN,
    /** One JSON document on one line. */
    JSON;

    public void print(Terminal terminal, Table table) {
        for (String line : this == TABLE ? table.aligned() : table.plain()) {
            terminal.println(line);
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
