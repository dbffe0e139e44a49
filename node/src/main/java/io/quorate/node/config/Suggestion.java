/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.util.Collection;

/** What someone who mistyped a name probably meant. */
final class Suggestion {
    private Suggestion() {}

    /** {@code "; did you mean "x"?"} if one of the candidates is near enough, else empty text. */
    static String of(String name, Collection<String> candidates) {
        String best = "";
        int bestDistance = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int distance = distance(name, candidate);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return bestDistance <= Math.max(2, name.length() / 3) ? "; did you mean \"" + best + "\"?" : "";
    }

    /** Insertions, deletions and replacements that turn one text into the other (Levenshtein). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        // Names of keys are short; anything longer than twice the longest of them is no typing error.
        int length = Math.min(from.length(), 128);
        for (int i = 1; i <= length; i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
