/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import java.util.function.LongFunction;

/** One random schedule by its seed, for who hunts bugs: what comes out is a text, as the hunter may live in another world. */
public final class RandomScheduleRun implements LongFunction<String> {
    private static final int[] SIZES = {1, 3, 3, 5, 5, 5};

    /** The property that did not hold, the failure itself if the schedule fell over, or nothing. */
    @Override
    public String apply(long seed) {
        try {
            new RandomSchedule(SIZES[(int) Math.floorMod(seed, (long) SIZES.length)], seed).run();
            return "";
        } catch (PropertyViolation violation) {
            return violation.property().name();
        } catch (InvariantViolation contradiction) {
            return ProtocolProperty.SELF_CHECKS_HOLD.name();
        } catch (RuntimeException | Error fellOver) {
            return fellOver.toString();
        }
    }
}
