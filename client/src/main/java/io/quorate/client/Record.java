/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.List;
import java.util.Optional;

/**
 * What a producer sends. Arrays are handed over and must not be modified.
 *
 * @param key             decides the partition, if present
 * @param value           the record
 * @param headers         names and values for the application
 * @param timestampMillis ms since 1970; negative: when it was sent
 */
public record Record(Optional<byte[]> key, byte[] value, List<Header> headers, long timestampMillis) {
    public record Header(String name, byte[] value) {}

    public static Record of(byte[] value) {
        return new Record(Optional.empty(), value, List.of(), -1);
    }

    public static Record of(byte[] key, byte[] value) {
        return new Record(Optional.of(key), value, List.of(), -1);
    }
}
