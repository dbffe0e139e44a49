/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.util.function.LongFunction;

/** One log's life by its seed, for who hunts bugs: what comes out is a text, as the hunter may live in another world. */
public final class StoreLifeRun implements LongFunction<String> {
    /** The property that did not hold, the failure itself if the log fell over, or nothing. */
    @Override
    public String apply(long seed) {
        try {
            new StoreLife(seed).run();
            return "";
        } catch (StoreLife.Violation violation) {
            return violation.property().name();
        } catch (RuntimeException | Error fellOver) {
            return fellOver.toString();
        }
    }
}
