/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.quorate.cli.output.Json;
import io.quorate.v1.Scrub;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** How a node's reading of what it has stored goes, for people and for machines. */
final class ScrubText {
    private ScrubText() {}

    static String describe(Scrub scrub) {
        if (!scrub.getOn()) {
            return "off";
        }
        if (scrub.getRunning()) {
            return "reads log " + (scrub.getLogsDone() + 1) + " of " + scrub.getLogs() + ", "
                    + mebibytes(scrub.getBytes());
        }
        return scrub.hasLastEndedMs()
                ? mebibytes(scrub.getLastBytes()) + ", " + age(scrub.getLastEndedMs()) + " ago"
                : "not yet";
    }

    private static String mebibytes(long bytes) {
        return bytes / (1 << 20) + " MiB";
    }

    private static String age(long millis) {
        long minutes = TimeUnit.MILLISECONDS.toMinutes(millis);
        return minutes < 120 ? minutes + " min" : minutes / 60 + " h";
    }

    static Map<String, Object> json(Scrub scrub) {
        return Json.object(
                "on", scrub.getOn(),
                "running", scrub.getRunning(),
                "logsDone", scrub.getLogsDone(),
                "logs", scrub.getLogs(),
                "bytes", scrub.getBytes(),
                "lastEndedMs", scrub.hasLastEndedMs() ? scrub.getLastEndedMs() : null,
                "lastTookMs", scrub.getLastTookMs(),
                "lastBytes", scrub.getLastBytes());
    }
}
