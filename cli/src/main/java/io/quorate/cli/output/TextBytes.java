/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/** Shows bytes that are somebody's data: as text if they are UTF-8, else in base64. */
public final class TextBytes {
    private TextBytes() {}

    /** Under {@code name} as a string if the bytes are UTF-8, else under {@code nameBase64}. */
    public static void put(Map<String, Object> object, String name, byte[] bytes) {
        Optional<String> text = decode(bytes);
        if (text.isPresent()) {
            object.put(name, text.get());
        } else {
            object.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
        }
    }

    /** As a JSON string, which has no control characters; or {@code base64:...}. */
    public static String quoted(byte[] bytes) {
        return decode(bytes)
                .map(Json::write)
                .orElseGet(() -> "base64:" + Base64.getEncoder().encodeToString(bytes));
    }

    private static Optional<String> decode(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
