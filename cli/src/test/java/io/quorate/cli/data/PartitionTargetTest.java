/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.client.ReaderConfig.Position;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("topic[/partition][@offset]")
class PartitionTargetTest {
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
        assertEquals(Position.earliest(), ReadVerb.position(none, null));
        assertEquals(Position.offset(7), ReadVerb.position(OptionalLong.of(7), null));
        assertEquals(Position.earliest(), ReadVerb.position(none, "start"));
        assertEquals(Position.latest(), ReadVerb.position(none, "end"));
        assertEquals(Position.offset(12), ReadVerb.position(none, "12"));
        assertThrows(CliException.class, () -> ReadVerb.position(none, "-1"));
        assertThrows(CliException.class, () -> ReadVerb.position(none, "beginning"));
        assertThrows(CliException.class, () -> ReadVerb.position(OptionalLong.of(7), "start"));
    }
}
