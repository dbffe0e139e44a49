/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

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
    private FutureTask<Boolean> copying;

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
        copying = new FutureTask<>(() -> copy(expected, expectedStart));
        return true;
    }

    /** Puts what is wanted, if it still is. */
    void run() {
        FutureTask<Boolean> wanted;
        synchronized (this) {
            if (state != State.WANTED) {
                return;
            }
            state = State.UNDER_WAY;
            wanted = copying;
        }
        wanted.run();
    }

    private boolean copy(List<LogEntry> wanted, int from) {
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
            }
        }
        return true;
    }

    /**
     * Gives a cleared stage for frames of {@code writer} from {@code from} on, and takes {@code given} for it: the one with what
     * was expected, if that is what comes; else {@code given} itself. Waits for what is under way already: it takes no longer
     * than the writer would, nothing but copying is left.
     *
     * @throws IllegalStateException  if the background met a bug on the way
     * @throws InterruptedIOException as of any other work on the disk, if the thread is interrupted
     */
    Stage take(Object writer, Payload first, int from, Stage given) throws IOException {
        given.clear();
        Optional<FutureTask<Boolean>> underWay;
        synchronized (this) {
            boolean isAwaited = state == State.UNDER_WAY && isExpected(writer, first, from);
            underWay = isAwaited ? Optional.of(copying) : Optional.empty();
        }
        if (underWay.isPresent()) {
            await(underWay.get());
        }
        return exchange(writer, first, from, given);
    }

    private boolean isExpected(Object writer, Payload first, int from) {
        return log == writer && start == from && entries.get(0).payload() == first;
    }

    private synchronized Stage exchange(Object writer, Payload first, int from, Stage given) {
        if (state == State.IDLE || state == State.UNDER_WAY || log != writer) {
            return given;
        }
        boolean isWhatComes = state == State.READY && isExpected(writer, first, from);
        state = State.IDLE;
        entries = List.of();
        if (!isWhatComes) {
            return given;
        }
        Stage ready = stage;
        stage = given;
        return ready;
    }

    private static void await(FutureTask<Boolean> copying) throws IOException {
        try {
            copying.get();
        } catch (InterruptedException e) {
            throw new InterruptedIOException("interrupted while a flush was being prepared");
        } catch (ExecutionException bug) {
            throw new IllegalStateException("a flush could not be prepared", bug.getCause());
        }
    }
}
