/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A process of this machine, by its number and when it began, so that a number that the kernel has given to somebody
 * else since then is not mistaken for it.
 *
 * @param pid         0: no process
 * @param startMillis ms since 1970
 */
public record ProcessRef(long pid, long startMillis) {
    public static final ProcessRef NONE = new ProcessRef(0, 0);

    /** The kernel counts from boot in hundredths of a second, and the time of boot moves when the clock is set. */
    private static final long START_TOLERANCE_MILLIS = 5_000;

    public static ProcessRef of(ProcessHandle handle) {
        return new ProcessRef(handle.pid(), startMillis(handle));
    }

    /** The process, if it is still there. */
    public Optional<ProcessHandle> handle() {
        if (pid == 0) {
            return Optional.empty();
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .filter(handle -> Math.abs(startMillis(handle) - startMillis) <= START_TOLERANCE_MILLIS);
    }

    public boolean isAlive() {
        return handle().isPresent();
    }

    /** Whether it has been stopped in its tracks (SIGSTOP). False where the kernel does not tell through /proc. */
    public boolean isPaused() {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            int state = stat.lastIndexOf(')') + 2; // the name in parentheses may itself contain any of both
            return state < stat.length() && stat.charAt(state) == 'T';
        } catch (IOException e) {
            return false;
        }
    }

    private static long startMillis(ProcessHandle handle) {
        return handle.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }
}
