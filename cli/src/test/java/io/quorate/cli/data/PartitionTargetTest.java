/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.ReaderConfig.Position;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("topic[/partition][@offset]")
class PartitionTargetTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:34:56Z");

    @ParameterizedTest
    @CsvSource({"orders,orders,,", "orders/3,orders,3,", "orders@12,orders,,12", "a.b-c_d/0@1200,a.b-c_d,0,1200"})
    @DisplayName("is understood")
    void isUnderstood(String text, String topic, Integer partition, Long offset) {
        PartitionTarget expected = new PartitionTarget(
                topic,
                partition == null ? OptionalInt.empty() : OptionalInt.of(partition),
                offset == null ? OptionalLong.empty() : OptionalLong.of(offset));
        assertEquals(expected, PartitionTarget.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/3", "orders/", "orders/x", "orders/-1", "orders@", "orders@x", "orders/1/2", "@3"})
    @DisplayName("is a usage error otherwise")
    void isRefused(String text) {
        CliException error = assertThrows(CliException.class, () -> PartitionTarget.parse(text));
        assertEquals(ExitCode.USAGE, error.exitCode());
    }

    @Test
    @DisplayName("agrees with --partition or is refused")
    void agreesWithOption() {
        assertEquals(OptionalInt.of(2), PartitionTarget.parse("t").withOption(2).partition());
        assertEquals(
                OptionalInt.of(2), PartitionTarget.parse("t/2").withOption(2).partition());
        assertEquals(
                OptionalInt.of(2), PartitionTarget.parse("t/2").withOption(null).partition());
        assertThrows(CliException.class, () -> PartitionTarget.parse("t/2").withOption(3));
        assertThrows(CliException.class, () -> PartitionTarget.parse("t").withOption(-1));
    }

    @Test
    @DisplayName("has no offset where records are appended")
    void withoutOffset() {
        assertThrows(CliException.class, () -> PartitionTarget.parseWithoutOffset("t/0@5"));
    }

    @Test
    @DisplayName("says where to read from, unless --from does")
    void positions() {
        OptionalLong none = OptionalLong.empty();
        assertEquals(Position.earliest(), position(none, null));
        assertEquals(Position.offset(7), position(OptionalLong.of(7), null));
        assertThrows(CliException.class, () -> position(OptionalLong.of(7), "start"));
    }

    static Stream<Arguments> beginnings() {
        return Stream.of(
                arguments("start", Position.earliest()),
                arguments("end", Position.latest()),
                arguments("12", Position.offset(12)),
                arguments("2026-03-01T12:00:00Z", Position.since(Instant.parse("2026-03-01T12:00:00Z"))),
                arguments("2026-03-01T14:00+02:00", Position.since(Instant.parse("2026-03-01T12:00:00Z"))),
                arguments("15m", Position.since(NOW.minusSeconds(900))),
                arguments("1.5s", Position.since(NOW.minusMillis(1_500))));
    }

    @ParameterizedTest
    @MethodSource("beginnings")
    @DisplayName("leaves it to --from to name a start, an offset, a time, or how long ago")
    void from(String text, Position expected) {
        assertEquals(expected, position(OptionalLong.empty(), text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-1",
                "beginning",
                "99999999999999999999",
                "2026-03-01",
                "2026-03-01T12:00:00",
                "2026-13-01T12:00:00Z",
                "15x",
                "999999d"
            })
    @DisplayName("is told what a beginning looks like")
    void noBeginning(String text) {
        CliException refused = assertThrows(CliException.class, () -> position(OptionalLong.empty(), text));

        assertEquals(ExitCode.USAGE, refused.exitCode());
    }

    private static Position position(OptionalLong ofArgument, String from) {
        return ReadVerb.position(ofArgument, from, NOW);
    }
}
