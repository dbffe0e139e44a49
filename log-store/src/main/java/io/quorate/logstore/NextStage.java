/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.util.List;

/**
 * A second {@link Stage}, into which the background puts the payloads that are expected next while the disk writes the first.
 *
 * <pre>
 *   IDLE --want--> WANTED --run--> UNDER_WAY --> READY --take--> IDLE
 *                    '----take: the writer is faster----------------^
 * </pre>
 *
 * Only memory is touched here, and nothing depends on it: what comes otherwise than expected is put by the writer itself. Memory is
 * that of one stage, and one list of entries is held on to. For any thread; {@link #take} for the writing one.
 */
final class NextStage {
    private enum State {
        IDLE,
        WANTED,
        UNDER_WAY,
        READY
    }

    private final int capacityBytes;
    private final int blockBytes;

    private State state = State.IDLE;
    private Object log;
    private List<LogEntry> entries = List.of();
    private int start;

    /** Of the background while under way; empty until it is needed first. */
    private Stage stage;

    NextStage(int capacityBytes, int blockBytes) {
        this.capacityBytes = capacityBytes;
        this.blockBytes = blockBytes;
    }

    /**
     * Asks for the payloads of {@code expected}, which are not empty, the first frame beginning at {@code expectedStart}. What
     * comes first of one log stays, as it is written first.
     *
     * @return whether {@link #run} is to be called
     */
    synchronized boolean want(Object expectedLog, List<LogEntry> expected, int expectedStart) {
        boolean isKnown = state != State.IDLE && log == expectedLog && start == expectedStart;
        if (isKnown || state == State.UNDER_WAY) {
            return false;
        }
        state = State.WANTED;
        log = expectedLog;
        entries = expected;
        start = expectedStart;
        return true;
    }

    /** Puts what is wanted, if it still is. */
    void run() {
        List<LogEntry> wanted;
        int from;
        synchronized (this) {
            if (state != State.WANTED) {
                return;
            }
            state = State.UNDER_WAY;
            wanted = entries;
            from = start;
        }
        boolean done = false;
        try {
            if (stage == null) {
                stage = new Stage(capacityBytes, blockBytes);
            }
            stage.putAhead(wanted, from);
            done = true;
        } finally {
            synchronized (this) {
                state = done ? State.READY : State.IDLE;
                notifyAll();
            }
        }
    }

    /**
     * Gives a cleared stage for frames of {@code writer} from {@code from} on, and takes {@code given} for it: the one with what
     * was expected, if that is what comes; else {@code given} itself.
     */
    synchronized Stage take(Object writer, Payload first, int from, Stage given) {
        given.clear();
        if (state == State.IDLE || log != writer) {
            return given;
        }
        boolean isExpected = start == from && entries.get(0).payload() == first;
        if (state == State.UNDER_WAY && !(isExpected && awaitReady())) {
            return given;
        }
        boolean isReady = state == State.READY;
        state = State.IDLE;
        entries = List.of();
        if (!isReady || !isExpected) {
            return given;
        }
        Stage ready = stage;
        stage = given;
        return ready;
    }

    /** It takes no longer than the writer would: nothing but copying is left. */
    private boolean awaitReady() {
        try {
            while (state == State.UNDER_WAY) {
                wait();
            }
            return state == State.READY;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
