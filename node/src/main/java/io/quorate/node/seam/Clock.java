/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.seam;

/** Time. The only place where node code reads it. */
public interface Clock {
    /** Monotonic, in ns, of no particular origin. */
    long nanoTime();

    /** Wall clock, ms since 1970. Never used for safety or ordering. */
    long currentTimeMillis();
}
