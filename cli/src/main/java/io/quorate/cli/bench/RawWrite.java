/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import java.util.Locale;

/** A way of writing that {@link DiskBaseline} measures; each write is followed by an fdatasync. */
enum RawWrite {
    /** Through the operating system's cache, over blocks that were written before. */
    CACHED_OVER(false, false, "through the cache, over blocks written before"),
    /** Through the operating system's cache, at the end of the file. */
    CACHED_GROWING(false, true, "through the cache, growing file"),
    /** Past the cache, over blocks that were written before. */
    DIRECT_OVER(true, false, "direct, over blocks written before"),
    /** Past the cache, at the end of the file. */
    DIRECT_GROWING(true, true, "direct, growing file");

    private final boolean direct;
    private final boolean growing;
    private final String description;

    RawWrite(boolean direct, boolean growing, String description) {
        this.direct = direct;
        this.growing = growing;
        this.description = description;
    }

    boolean isDirect() {
        return direct;
    }

    boolean isGrowing() {
        return growing;
    }

    String description() {
        return description;
    }

    /** As on the command line and in JSON. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
