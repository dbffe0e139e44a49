/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** How often each rare state was met. */
public final class Sightings {
    private final Map<RareState, Long> counts = new EnumMap<>(RareState.class);

    void met(RareState state) {
        counts.merge(state, 1L, Long::sum);
    }

    public void add(Sightings others) {
        others.counts.forEach((state, count) -> counts.merge(state, count, Long::sum));
    }

    /** Without those that were never met. */
    public Map<RareState, Long> counts() {
        return Collections.unmodifiableMap(counts);
    }

    @Override
    public String toString() {
        return counts.toString();
    }
}
