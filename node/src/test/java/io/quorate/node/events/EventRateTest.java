/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The rate of events")
class EventRateTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    @DisplayName("lets a burst through, then only as many as fit, and counts the others")
    void storm() {
        EventRate rate = new EventRate(0);

        assertEquals(EventRate.BURST, admitted(rate, 0, 10_000));
        assertEquals(10_000 - EventRate.BURST, rate.takeDropped());
        assertEquals(0, rate.takeDropped());
        assertEquals(EventRate.PER_SECOND, admitted(rate, SECOND, 1_000));
        assertEquals(
                EventRate.BURST, admitted(rate, 1_000 * SECOND, 10_000), "after a long silence, no more than that");
    }

    private static int admitted(EventRate rate, long atNanos, int events) {
        int admitted = 0;
        for (int i = 0; i < events; i++) {
            admitted += rate.admits(atNanos) ? 1 : 0;
        }
        return admitted;
    }
}
