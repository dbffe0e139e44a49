/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One fault, with all that was drawn for it: the same faults at the same times do the same again.
 *
 * <pre>
 *   1234567890 CRASH node=2 down=300 recovery=-1
 * </pre>
 *
 * @param atNanos when
 * @param kind    what, and what its arguments mean
 */
record Fault(long atNanos, Kind kind, List<Long> arguments) {
    /** Times are in ms; links are bits, 8 × from + to; {@code recovery} disk operations after its start a node dies again. */
    enum Kind {
        /** A process ends between two events. */
        CRASH("node", "down", "recovery"),
        /** A machine loses power in the midst of its disk's work, so many operations from now. */
        DISK_CRASH("node", "operations", "down", "recovery"),
        /** An operator stops a node. */
        STOP("node", "down", "recovery"),
        PAUSE("node", "for"),
        /** Links are cut, silently or (1) so that both ends notice at once. */
        CUT("links", "noticed", "for"),
        RESET("node", "peer"),
        /** All connections of a node break and come back. */
        RESET_ALL("node"),
        /** What goes from one to the other takes so much longer. */
        SLOW_LINK("node", "peer", "by", "for"),
        HANG("node", "for"),
        /** A disk, or (0) every disk, has but so many MiB free. */
        FILL("node", "mebibytes", "for"),
        /** A bit flips, or (1) a sector of a sealed segment becomes zeros, somewhere in the logs of a node. */
        ROT("node", "where", "sector"),
        /** Forces fail, all or (1) one; after a while the operator ends the process. */
        FORCE_FAILS("node", "once", "operator", "down"),
        /** A machine comes back with an empty disk; from {@code operator} on its operator has it readmitted. */
        LOSE_DISK("node", "down", "operator"),
        /** Two machines come back with each other's disk; after {@code operator} more their operator notices. */
        SWAP_DISKS("node", "peer", "down", "operator"),
        /** A node's wall clock is set, so many ms forwards or, if negative, back. */
        SET_CLOCK("node", "by"),
        /** A node's clock runs at so many thousandths of the right rate. Only scripts do that: leases do not survive it. */
        CLOCK_RATE("node", "permille");

        private final List<String> names;

        Kind(String... names) {
            this.names = List.of(names);
        }
    }

    Fault {
        arguments = List.copyOf(arguments);
    }

    static Fault of(long atNanos, Kind kind, long... arguments) {
        List<Long> boxed = new ArrayList<>();
        for (long argument : arguments) {
            boxed.add(argument);
        }
        return new Fault(atNanos, kind, boxed);
    }

    int intOf(String name) {
        return Math.toIntExact(longOf(name));
    }

    long longOf(String name) {
        return arguments.get(kind.names.indexOf(name));
    }

    /** The nodes that it is about; 0 stands for all. */
    IntStream nodes() {
        return Stream.of("node", "peer").filter(kind.names::contains).mapToInt(this::intOf);
    }

    static Fault parse(String line) {
        String[] words = line.trim().split("\\s+");
        List<Long> arguments = new ArrayList<>();
        for (int i = 2; i < words.length; i++) {
            arguments.add(Long.decode(words[i].substring(words[i].indexOf('=') + 1)));
        }
        return new Fault(Long.parseLong(words[0]), Kind.valueOf(words[1]), arguments);
    }

    /** What {@link #parse} takes. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%d %s", atNanos, kind));
        for (int i = 0; i < arguments.size(); i++) {
            line.append(' ').append(kind.names.get(i)).append('=').append(arguments.get(i));
        }
        return line.toString();
    }
}
