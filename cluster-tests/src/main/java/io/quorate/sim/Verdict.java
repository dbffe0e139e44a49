/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.sim.check.Invariant;
import io.quorate.sim.check.Violation;
import java.util.Optional;

/**
 * The first violation of a run. Checkers run inside the nodes' own calls, and a node may catch what they throw: so what
 * is found is kept here and ends the run after the event.
 */
final class Verdict {
    private Violation first;

    /** Runs a check; its violation is kept and thrown on, so that the node goes no further with this event. */
    void judge(Runnable check) {
        try {
            check.run();
        } catch (Violation violation) {
            found(violation);
            throw violation;
        }
    }

    void found(Violation violation) {
        if (first == null) {
            first = violation;
        }
    }

    void require(boolean holds, Invariant invariant, String detail) {
        if (!holds) {
            Violation violation = new Violation(invariant, detail);
            found(violation);
            throw violation;
        }
    }

    Optional<Violation> violation() {
        return Optional.ofNullable(first);
    }
}
