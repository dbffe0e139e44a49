/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.Durations;
import io.quorate.client.ReaderConfig.Position;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import picocli.CommandLine.TypeConversionException;

/** Where to begin, as people write it: an offset, a time with its zone, or how long ago. */
final class StartingPoint {
    private StartingPoint() {}

    /** @param now what AGO is counted from */
    static Position parse(String text, Instant now) {
        try {
            if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return Position.offset(Long.parseLong(text));
            }
            return Position.since(text.contains("T") ? time(text) : ago(text, now));
        } catch (NumberFormatException | DateTimeException | TypeConversionException e) {
            throw notAPlace(text);
        } catch (IllegalArgumentException tooLongAgo) {
            throw CliException.usage("--from " + text + ": " + tooLongAgo.getMessage(), "write start");
        }
    }

    private static Instant time(String text) {
        return OffsetDateTime.parse(text).toInstant();
    }

    private static Instant ago(String text, Instant now) {
        return now.minus(new Durations().convert(text));
    }

    private static CliException notAPlace(String text) {
        return CliException.usage(
                "--from " + text + " is not a place to begin",
                "write start, end, an offset from 0, a time such as 2026-03-01T12:00:00Z or 2026-03-01T14:00+02:00, or how"
                        + " long ago, such as 15m");
    }
}
