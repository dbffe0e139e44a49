/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.OptionalLong;

/**
 * What a reader wants.
 *
 * @param from        where to start
 * @param untilOffset stop before this offset
 * @param maxRecords  stop after about so many; 0: no bound
 * @param follow      wait for further records instead of ending at the high-water mark
 * @param consistency who may answer, and what it covers when it begins
 */
public record ReadSpec(
        From from, OptionalLong untilOffset, long maxRecords, boolean follow, ReadConsistency consistency) {
    /** Where a read starts. */
    public sealed interface From {
        record Offset(long offset) implements From {}

        record Earliest() implements From {}

        record Latest() implements From {}
    }
}
