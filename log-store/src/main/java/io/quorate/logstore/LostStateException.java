/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/**
 * What is lost cannot be mended by fetching entries: term and vote, or the snapshot that a trimmed log begins with. The
 * replica may have voted and acknowledged what it does not know any more, so with this log it never takes part again
 * (promise P10).
 */
public final class LostStateException extends CorruptLogException {
    private static final long serialVersionUID = 1L;

    private final Path file;
    private final String lost;

    /** @param lost what, and why it matters; for people */
    public LostStateException(Path file, String lost) {
        super(file, 0, 0, "LOST: " + lost);
        this.file = file;
        this.lost = lost;
    }

    /** The same, with what is to be done about it. */
    public LostStateException advising(String advice) {
        LostStateException advised = new LostStateException(file, lost + "; " + advice);
        advised.addSuppressed(this);
        return advised;
    }
}
