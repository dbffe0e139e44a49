/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.cli.output.Json;
import io.quorate.v1.Scrub;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("How far a node is with reading what it has stored")
class ScrubTextTest {
    private static final long MIB = 1 << 20;

    @ParameterizedTest(name = "{6}")
    @CsvSource({
        "false, false, 0, 0,   0, -1,        off",
        "true,  false, 0, 0,   0, -1,        not yet",
        "true,  true,  2, 5,  70, -1,        'reads log 3 of 5, 70 MiB'",
        "true,  true,  0, 5,   0, 60000,     'reads log 1 of 5, 0 MiB'",
        "true,  false, 0, 0,   0, 59000,     '900 MiB, 0 min ago'",
        "true,  false, 0, 0,   0, 7140000,   '900 MiB, 119 min ago'",
        "true,  false, 0, 0,   0, 90000000,  '900 MiB, 25 h ago'"
    })
    @DisplayName("is told in a few words")
    void text(boolean on, boolean running, int done, int logs, long mebibytes, long lastEndedMillis, String text) {
        Scrub.Builder scrub = Scrub.newBuilder()
                .setOn(on)
                .setRunning(running)
                .setLogsDone(done)
                .setLogs(logs)
                .setBytes(mebibytes * MIB)
                .setLastBytes(900 * MIB);
        if (lastEndedMillis >= 0) {
            scrub.setLastEndedMs(lastEndedMillis);
        }

        assertEquals(text, ScrubText.describe(scrub.build()));
    }

    @ParameterizedTest
    @CsvSource({"-1, null", "90000, 90000"})
    @DisplayName("is told to machines, without the end of a pass that there was none of")
    void json(long lastEndedMillis, String shown) {
        Scrub.Builder scrub = Scrub.newBuilder()
                .setOn(true)
                .setRunning(true)
                .setLogsDone(1)
                .setLogs(3)
                .setBytes(7);
        if (lastEndedMillis >= 0) {
            scrub.setLastEndedMs(lastEndedMillis).setLastTookMs(5).setLastBytes(9);
        }
        String last = lastEndedMillis < 0 ? "\"lastTookMs\":0,\"lastBytes\":0}" : "\"lastTookMs\":5,\"lastBytes\":9}";

        assertEquals(
                "{\"on\":true,\"running\":true,\"logsDone\":1,\"logs\":3,\"bytes\":7,\"lastEndedMs\":" + shown + ","
                        + last,
                Json.write(ScrubText.json(scrub.build())));
    }
}
