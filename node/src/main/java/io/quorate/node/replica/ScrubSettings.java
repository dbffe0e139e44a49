/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/**
 * How eagerly a node reads again what it has long stored.
 *
 * @param bytesPerSecond at most; 0: never
 * @param intervalMillis between the beginnings of two passes over everything, if one is over by then; above 0
 */
public record ScrubSettings(long bytesPerSecond, long intervalMillis) {
    public static final ScrubSettings DEFAULT = new ScrubSettings(16L << 20, 24L * 60 * 60 * 1_000);

    public ScrubSettings {
        if (bytesPerSecond < 0 || intervalMillis < 1) {
            throw new IllegalArgumentException(
                    "scrub " + bytesPerSecond + " bytes a second, every " + intervalMillis + " ms");
        }
    }

    public boolean isOn() {
        return bytesPerSecond > 0;
    }
}
