/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Signals that Java cannot send by itself. */
final class Signals {
    private Signals() {}

    /** Stops a process in its tracks. It keeps its sockets and its locks. */
    static void pause(List<Long> pids) {
        send("STOP", pids);
    }

    static void resume(List<Long> pids) {
        send("CONT", pids);
    }

    /** Through the shell, which always has {@code kill}; the program of that name is not everywhere. */
    private static void send(String signal, List<Long> pids) {
        if (pids.isEmpty()) {
            return;
        }
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "kill -s \"$@\"", "sh", signal));
        pids.forEach(pid -> command.add(String.valueOf(pid)));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw CliException.failed("SIGNAL", "cannot send SIG" + signal + ": " + output.strip(), "");
            }
        } catch (IOException e) {
            throw CliException.failed("SIGNAL", "cannot send SIG" + signal + ": " + e.getMessage(), "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted while sending SIG" + signal, "");
        }
    }
}
