/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of text in columns. On a terminal: aligned, with a header. Otherwise: one line per row, cells separated by a tab,
 * no header, so that {@code cut} and {@code awk} work.
 */
public final class Table {
    private static final String GAP = "  ";

    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    private record Column(String title, boolean right) {}

    /** @param titles a title that begins with {@code >} makes its column right-aligned */
    public Table(String... titles) {
        columns = new ArrayList<>(titles.length);
        for (String title : titles) {
            boolean right = title.startsWith(">");
            columns.add(new Column(right ? title.substring(1) : title, right));
        }
    }

    /** @param cells as many as there are columns */
    public Table row(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        List<String> row = new ArrayList<>(cells.length);
        for (Object cell : cells) {
            row.add(singleLine(String.valueOf(cell)));
        }
        rows.add(row);
        return this;
    }

    public List<String> aligned() {
        List<String> titles = new ArrayList<>(columns.size());
        for (Column column : columns) {
            titles.add(column.title());
        }
        int[] widths = new int[columns.size()];
        measure(titles, widths);
        for (List<String> row : rows) {
            measure(row, widths);
        }
        List<String> lines = new ArrayList<>(rows.size() + 1);
        lines.add(align(titles, widths));
        for (List<String> row : rows) {
            lines.add(align(row, widths));
        }
        return lines;
    }

    public List<String> plain() {
        List<String> lines = new ArrayList<>(rows.size());
        for (List<String> row : rows) {
            lines.add(String.join("\t", row));
        }
        return lines;
    }

    private static void measure(List<String> cells, int[] widths) {
        for (int i = 0; i < cells.size(); i++) {
            widths[i] = Math.max(widths[i], width(cells.get(i)));
        }
    }

    private String align(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            String padding = " ".repeat(widths[i] - width(cells.get(i)));
            line.append(i == 0 ? "" : GAP);
            line.append(columns.get(i).right() ? padding + cells.get(i) : cells.get(i) + padding);
        }
        return line.toString().stripTrailing();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }

    /** A cell never breaks the table, and never sends control characters of somebody's data to a terminal. */
    private static String singleLine(String cell) {
        StringBuilder clean = new StringBuilder(cell.length());
        for (int i = 0; i < cell.length(); i++) {
            char c = cell.charAt(i);
            clean.append(Character.isISOControl(c) ? ' ' : c);
        }
        return clean.toString();
    }
}
