/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One deliberate bug: some text of the production sources, and what takes its place. A file of its own each:
 *
 * <pre>
 *   title   a vote leaves before it is on disk
 *   breaks  VOTE_DURABLE_BEFORE_SENT             the invariants of which one must fire; none: a harmless control
 *   by      core                                 which {@link Harness} hunts it; without: the whole cluster
 *   note    such a log may be repaired first     what there is to say of it
 *   needs   snapshots                            instead of any edit: what the code has not got yet
 *   in      raft/src/main/java/io/quorate/raft/Voting.java
 *   find
 *   ...                                          must occur exactly once; white space counts as one blank
 *   replace
 *   ...
 *   end                                          as many in, find, replace as needed
 * </pre>
 *
 * @param id     the name of the file: M for the catalogue of mutants, C for its controls, E for those beyond it
 * @param title  what is wrong
 * @param breaks names of invariants
 * @param by     what hunts it
 * @param needs  empty unless the mutant does not apply yet
 * @param edits  of the sources
 */
record Mutant(String id, String title, List<String> breaks, Harness by, String needs, List<Edit> edits) {
    static final Path DIRECTORY = Path.of("src", "test", "resources", "mutants");

    /** The catalogue, what is beyond it, the controls. */
    private static final Comparator<Mutant> BY_KIND = Comparator.comparing(
                    (Mutant mutant) -> "MEC".indexOf(mutant.id().charAt(0)))
            .thenComparing(Mutant::id);

    /** @param source relative to the root of the repository */
    record Edit(Path source, String find, String replacement) {
        /** @throws IllegalStateException if the text is not there exactly once: the mutant has rotted */
        String applyTo(String text, String mutant) {
            String pattern = Arrays.stream(find.strip().split("\\s+"))
                    .map(Pattern::quote)
                    .collect(Collectors.joining("\\s+"));
            Matcher matcher = Pattern.compile(pattern).matcher(text);
            if (!matcher.find()) {
                throw new IllegalStateException(
                        mutant + " does not apply any more: " + source + " has no text\n" + find);
            }
            int start = matcher.start();
            int end = matcher.end();
            if (matcher.find()) {
                throw new IllegalStateException(mutant + " is ambiguous: " + source + " has more than once\n" + find);
            }
            return text.substring(0, start) + replacement.strip() + text.substring(end);
        }
    }

    /** A control changes nothing that matters: flagging it is a bug of the simulator. */
    boolean isControl() {
        return breaks.isEmpty();
    }

    boolean isApplicable() {
        return needs.isEmpty();
    }

    /** All of them. */
    static List<Mutant> all() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(Mutant::read).sorted(BY_KIND).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Mutant named(String id) {
        return read(DIRECTORY.resolve(id + ".txt"));
    }

    private static Mutant read(Path file) {
        String id = file.getFileName().toString().replace(".txt", "");
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String title = "";
        String needs = "";
        List<String> breaks = List.of();
        Harness by = Harness.CLUSTER;
        List<Edit> edits = new ArrayList<>();
        Path source = Path.of("");
        for (int at = 0; at < lines.size(); at++) {
            String[] words = lines.get(at).split("\\s+", 2);
            switch (words[0]) {
                case "title" -> title = words[1];
                case "needs" -> needs = words[1];
                case "breaks" -> breaks = List.of(words[1].split("\\s+"));
                case "by" -> by = Harness.valueOf(words[1].toUpperCase(Locale.ROOT));
                case "in" -> source = Path.of(words[1]);
                case "find" -> {
                    int replace = next(id, lines, at, "replace");
                    int end = next(id, lines, replace, "end");
                    edits.add(new Edit(
                            source,
                            String.join("\n", lines.subList(at + 1, replace)),
                            String.join("\n", lines.subList(replace + 1, end))));
                    at = end;
                }
                case "", "note" -> {}
                default -> throw new IllegalStateException(id + ": unknown line " + lines.get(at));
            }
        }
        return new Mutant(id, title, breaks, by, needs, edits);
    }

    private static int next(String id, List<String> lines, int after, String word) {
        for (int at = after + 1; at < lines.size(); at++) {
            if (lines.get(at).equals(word)) {
                return at;
            }
        }
        throw new IllegalStateException(id + ": no " + word + " after line " + (after + 1));
    }

    @Override
    public String toString() {
        return id + " (" + title + ")";
    }
}
