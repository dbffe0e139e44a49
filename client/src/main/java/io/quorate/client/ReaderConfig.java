/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.OptionalLong;

/**
 * @param position    where to start
 * @param untilOffset stop before this offset
 * @param limit       stop after this many records; 0: no bound
 * @param follow      wait for further records instead of ending at the high-water mark
 */
public record ReaderConfig(Position position, OptionalLong untilOffset, long limit, boolean follow) {
    /** Where to start reading. */
    public sealed interface Position {
        record Earliest() implements Position {}

        record Latest() implements Position {}

        record Offset(long offset) implements Position {}

        static Position earliest() {
            return new Earliest();
        }

        static Position latest() {
            return new Latest();
        }

        static Position offset(long offset) {
            return new Offset(offset);
        }
    }

    public static ReaderConfig fromStart() {
        return new ReaderConfig(Position.earliest(), OptionalLong.empty(), 0, false);
    }
}
