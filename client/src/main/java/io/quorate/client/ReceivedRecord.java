/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.List;
import java.util.Optional;

/**
 * A record as read.
 *
 * @param generation      in which it was appended
 * @param timestampMillis the producer's, ms since 1970
 */
public record ReceivedRecord(
        int partition,
        long offset,
        long generation,
        long timestampMillis,
        Optional<byte[]> key,
        byte[] value,
        List<LogRecord.Header> headers) {}
