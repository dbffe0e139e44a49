/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A failure names its seed; {@code -Dstore.seed=N} runs that one alone. */
@DisplayName("A log that is used at random")
class StoreLifeTest {
    private static final int SEEDS = 300;

    @Test
    @DisplayName("RF-38 is there after power failures, and notices rot and misdirected writes, whatever was being done")
    void survives() {
        Long only = Long.getLong("store.seed");
        for (long seed = only == null ? 1 : only; seed <= (only == null ? SEEDS : only); seed++) {
            try {
                new StoreLife(seed).run();
            } catch (RuntimeException | Error failure) {
                throw new AssertionError("-Dstore.seed=" + seed + ": " + failure.getMessage(), failure);
            }
        }
    }
}
