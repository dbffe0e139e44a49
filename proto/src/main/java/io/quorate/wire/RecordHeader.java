/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

import java.util.Objects;

/**
 * A named value that an application attaches to a record. The array is handed over and must not be modified.
 *
 * @param name  any text; unpaired surrogates become '?'
 * @param value any bytes
 */
public record RecordHeader(String name, byte[] value) {
    public RecordHeader {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(value, "value");
    }
}
