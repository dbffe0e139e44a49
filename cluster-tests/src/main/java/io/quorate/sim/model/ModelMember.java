/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import io.quorate.raft.Persist;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayDeque;

/**
 * One member as the model has it: term, vote and log twice, as the member thinks of them and as its disk surely holds
 * them, and what is on its way from the one to the other.
 */
final class ModelMember {
    private HardState hardState = HardState.INITIAL;
    private ModelLog log = new ModelLog();
    private HardState durableHardState = HardState.INITIAL;
    private ModelLog durableLog = new ModelLog();
    private final ArrayDeque<Persist> inFlight = new ArrayDeque<>();

    HardState hardState() {
        return hardState;
    }

    ModelLog log() {
        return log;
    }

    HardState durableHardState() {
        return durableHardState;
    }

    ModelLog durableLog() {
        return durableLog;
    }

    /** The member hands this to its disk. */
    void issued(Persist persist) {
        hardState = persist.hardState().orElse(hardState);
        writeTo(log, persist);
        inFlight.addLast(persist);
    }

    /** Its disk has it for certain. */
    void completed(long sequence) {
        while (!inFlight.isEmpty() && inFlight.peekFirst().sequence() <= sequence) {
            Persist persist = inFlight.removeFirst();
            durableHardState = persist.hardState().orElse(durableHardState);
            writeTo(durableLog, persist);
        }
    }

    private static void writeTo(ModelLog log, Persist persist) {
        persist.truncateFrom().ifPresent(log::truncateSuffix);
        persist.entries().forEach(log::append);
    }

    /** Whether a crash may leave this term and vote: the certain ones, or any that were on their way. */
    boolean mayRecover(HardState found) {
        return found.equals(durableHardState)
                || inFlight.stream()
                        .anyMatch(persist -> persist.hardState().isPresent()
                                && persist.hardState().get().equals(found));
    }

    /** Whether a crash may leave this log: the certain one, changed by what was on its way up to any point. */
    boolean mayRecover(ModelLog found) {
        ModelLog possible = durableLog.copy();
        if (possible.equals(found)) {
            return true;
        }
        for (Persist persist : inFlight) {
            // A cut goes from the end backwards, in as many steps as it takes.
            long cutFrom = persist.truncateFrom().orElse(possible.lastIndex() + 1);
            while (possible.lastIndex() >= cutFrom) {
                possible.truncateSuffix(possible.lastIndex());
                if (possible.equals(found)) {
                    return true;
                }
            }
            for (LogEntry entry : persist.entries()) {
                possible.append(entry);
                if (possible.equals(found)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** It starts again from what its disk was found to hold. */
    void recovered(HardState foundHardState, ModelLog foundLog) {
        hardState = foundHardState;
        durableHardState = foundHardState;
        log = foundLog;
        durableLog = foundLog.copy();
        inFlight.clear();
    }
}
