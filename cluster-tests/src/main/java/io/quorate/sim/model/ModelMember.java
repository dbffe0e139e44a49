/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.model;

import io.quorate.raft.Persist;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * One member as the model has it: term, vote and log twice, as the member thinks of them and as its disk surely holds
 * them, and what is on its way from the one to the other.
 */
final class ModelMember {
    private HardState hardState = HardState.INITIAL;
    private ModelLog log = new ModelLog();
    private HardState durableHardState = HardState.INITIAL;
    private ModelLog durableLog = new ModelLog();
    private final ArrayDeque<Step> inFlight = new ArrayDeque<>();
    private boolean damaged;

    /** @param replacement what the log becomes at first; null: it goes on */
    private record Step(Persist persist, List<LogEntry> replacement) {}

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

    /**
     * The member hands this to its disk; the entries are still to be {@link #append}ed.
     *
     * @param replacement the entries that a snapshot stands for, if one takes the place of the log
     */
    void issued(Persist persist, Optional<List<LogEntry>> replacement) {
        hardState = persist.hardState().orElse(hardState);
        Step step = new Step(persist, replacement.orElse(null));
        cut(log, step);
        inFlight.addLast(step);
    }

    /** One of the entries that were {@link #issued}. */
    void append(LogEntry entry) {
        log.append(entry);
    }

    /** Its disk has it for certain. */
    void completed(long sequence) {
        while (!inFlight.isEmpty() && inFlight.peekFirst().persist().sequence() <= sequence) {
            Step step = inFlight.removeFirst();
            durableHardState = step.persist().hardState().orElse(durableHardState);
            cut(durableLog, step);
            step.persist().entries().forEach(durableLog::append);
        }
    }

    private static void cut(ModelLog log, Step step) {
        if (step.replacement() != null) {
            log.replaceBy(step.replacement());
        }
        step.persist().truncateFrom().ifPresent(log::truncateSuffix);
    }

    void damaged() {
        damaged = true;
    }

    /** Whether damage was found in its log, and it has not been opened since. */
    boolean isDamaged() {
        return damaged;
    }

    /** Whether something is on its way to its disk. */
    boolean isWriting() {
        return !inFlight.isEmpty();
    }

    /** Whether a crash may leave this term and vote: the certain ones, or any that were on their way. */
    boolean mayRecover(HardState found) {
        return found.equals(durableHardState)
                || inFlight.stream()
                        .map(step -> step.persist().hardState())
                        .anyMatch(
                                written -> written.isPresent() && written.get().equals(found));
    }

    /** Whether a crash may leave this log: the certain one, changed by what was on its way up to any point. */
    boolean mayRecover(ModelLog found) {
        ModelLog possible = durableLog.copy();
        if (possible.equals(found)) {
            return true;
        }
        for (Step step : inFlight) {
            Persist persist = step.persist();
            if (step.replacement() != null) {
                possible.replaceBy(step.replacement());
                if (possible.equals(found)) {
                    return true;
                }
            }
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

    /** Whether its disk may have the entry: for certain, or because it was on its way there, even if it is cut off since. */
    boolean mayHold(LogEntry entry) {
        long index = entry.index();
        return durableLog.entry(index).filter(entry::equals).isPresent()
                || log.entry(index).filter(entry::equals).isPresent()
                || inFlight.stream()
                        .anyMatch(step -> step.persist().entries().contains(entry)
                                || step.replacement() != null
                                        && step.replacement().contains(entry));
    }

    /** Whether something on its way to the disk removes the entry there, as its leader wanted. */
    boolean mayHaveCut(long index) {
        return inFlight.stream()
                .anyMatch(step -> step.persist().truncateFrom().orElse(Long.MAX_VALUE) <= index
                        || step.replacement() != null && step.replacement().size() < index);
    }

    /** It starts again from what its disk was found to hold. */
    void recovered(HardState foundHardState, ModelLog foundLog) {
        hardState = foundHardState;
        durableHardState = foundHardState;
        log = foundLog;
        durableLog = foundLog.copy();
        inFlight.clear();
        damaged = false;
    }
}
