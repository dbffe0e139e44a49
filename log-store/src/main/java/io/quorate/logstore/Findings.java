/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.Finding.Severity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Collects findings, up to a limit, since there may be one for every few bytes of a file. For one thread. */
final class Findings {
    static final int MOST = 1000;

    private final List<Finding> kept = new ArrayList<>();
    private long more;
    private long moreDamage;

    void note(Path file, long position, long index, String what) {
        add(new Finding(Severity.NOTE, file, position, index, what));
    }

    void damage(Path file, long position, long index, String what) {
        add(new Finding(Severity.DAMAGE, file, position, index, what));
    }

    /** What an exception of the store says. */
    void damage(StorageException found, Path file) {
        CorruptLogException corrupt = found instanceof CorruptLogException known ? known : null;
        String prefix = file + ": ";
        String message = found.getMessage();
        add(new Finding(
                Severity.DAMAGE,
                file,
                corrupt == null ? 0 : corrupt.position(),
                corrupt == null ? 0 : corrupt.index(),
                message.startsWith(prefix) ? message.substring(prefix.length()) : message));
    }

    void add(Finding finding) {
        if (kept.size() < MOST) {
            kept.add(finding);
        } else {
            more++;
            moreDamage += finding.severity() == Severity.DAMAGE ? 1 : 0;
        }
    }

    List<Finding> kept() {
        return List.copyOf(kept);
    }

    long more() {
        return more;
    }

    long moreDamage() {
        return moreDamage;
    }
}
