/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.seam.Clock;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The rate at which a node reads what it has long stored")
class ScrubPaceTest {
    private static final long MILLI = 1_000_000;

    private long now = 7 * MILLI;

    private final Clock clock = new Clock() {
        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public long currentTimeMillis() {
            throw new UnsupportedOperationException("the time of day is of no importance");
        }
    };

    private ScrubPace of(long bytesPerSecond) {
        return new ScrubPace(clock, new ScrubSettings(bytesPerSecond, 1));
    }

    @Test
    @DisplayName("is kept by all of its readers together")
    void isShared() {
        ScrubPace pace = of(1_000_000);
        assertEquals(100 * MILLI, pace.read(100_000));
        assertEquals(200 * MILLI, pace.read(100_000), "who reads beside another waits for both");
        now += 150 * MILLI;
        assertEquals(50 * MILLI, pace.nanosUntilFree());
        assertEquals(60 * MILLI, pace.read(10_000));
    }

    @Test
    @DisplayName("saves nothing up while nobody reads, and grants the disk a moment after each read")
    void savesNothingUp() {
        ScrubPace pace = of(1_000_000);
        now += 3_600_000 * MILLI;
        assertEquals(0, pace.nanosUntilFree());
        assertEquals(100 * MILLI, pace.read(100_000));
        assertEquals(MILLI, of(1L << 40).read(1));
    }

    @Test
    @DisplayName("is off if it is 0, and is right for more bytes than a second's nanoseconds can be multiplied by")
    void knowsItsEnds() {
        assertFalse(of(0).isOn());
        assertTrue(of(1).isOn());
        assertEquals((1L << 20) * 1_000 * MILLI, of(1L << 20).nanosFor(1L << 40));
    }
}
