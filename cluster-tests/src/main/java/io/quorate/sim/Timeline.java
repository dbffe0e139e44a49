/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What happened in a run, for people: a line per happening, a lane per node.
 *
 * <pre>
 *      ms  n1                            n2                            n3
 *   812.4  g1 leads term 3
 *   813.0                                g1 follows n1 in term 3
 *   901.7                                                              ! CRASH down=300 recovery=-1
 * </pre>
 */
public final class Timeline {
    private static final int LANE_CHARS = 34;

    private record Line(long atNanos, int node, String text) {}

    private final boolean kept;
    private final List<Line> lines = new ArrayList<>();
    private String tally = "";
    private int tallied;

    /** @param kept whether to remember anything: most runs are of no interest */
    Timeline(boolean kept) {
        this.kept = kept;
    }

    /** Whether it is worth to make up a text. */
    boolean isKept() {
        return kept;
    }

    /** @param node 0: the network, the clients or the whole cluster */
    void note(long atNanos, int node, String text) {
        if (kept) {
            tally = "";
            lines.add(new Line(atNanos, node, text));
        }
    }

    /** As {@link #note}, but of the same kind of happening at the same node only the last one is kept. */
    void noteLast(long atNanos, int node, String kind, String text) {
        if (!kept) {
            return;
        }
        String key = node + kind;
        tallied = key.equals(tally) ? tallied + 1 : 1;
        if (tallied > 1) {
            lines.remove(lines.size() - 1);
        }
        note(atNanos, node, kind + " " + text);
        tally = key;
    }

    /** The last lines, at most so many, in lanes of so many nodes. */
    public String render(int nodes, int most) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%10s  ", "ms"));
        for (int node = 1; node <= nodes; node++) {
            text.append(String.format(Locale.ROOT, "%-" + LANE_CHARS + "s", "n" + node));
        }
        text.append('\n');
        int from = Math.max(0, lines.size() - most);
        if (from > 0) {
            text.append("            (").append(from).append(" earlier lines left out)\n");
        }
        for (Line line : lines.subList(from, lines.size())) {
            text.append(String.format(Locale.ROOT, "%10.3f  ", line.atNanos() / 1e6));
            text.append(line.node() == 0 ? "-- " : " ".repeat(LANE_CHARS * (line.node() - 1)));
            text.append(line.text()).append('\n');
        }
        return text.toString();
    }
}
