/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.output;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes JSON on one line. Takes maps with string keys, collections, strings, numbers, booleans and null; a double that
 * is not finite becomes null.
 */
public final class Json {
    private Json() {}

    /** An object with these members, in this order. @param namesAndValues name, value, name, value, ... */
    public static Map<String, Object> object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }

    public static String write(Object value) {
        StringBuilder json = new StringBuilder();
        append(json, value);
        return json.toString();
    }

    private static void append(StringBuilder json, Object value) {
        if (value == null) {
            json.append("null");
        } else if (value instanceof Map<?, ?> object) {
            appendObject(json, object);
        } else if (value instanceof List<?> array) {
            appendArray(json, array);
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            json.append("null");
        } else if (value instanceof Number || value instanceof Boolean) {
            json.append(value);
        } else if (value instanceof CharSequence text) {
            appendString(json, text);
        } else {
            throw new IllegalArgumentException("no JSON for " + value.getClass().getName());
        }
    }

    private static void appendObject(StringBuilder json, Map<?, ?> object) {
        json.append('{');
        String separator = "";
        for (Map.Entry<?, ?> member : object.entrySet()) {
            json.append(separator);
            appendString(json, (CharSequence) member.getKey());
            json.append(':');
            append(json, member.getValue());
            separator = ",";
        }
        json.append('}');
    }

    private static void appendArray(StringBuilder json, List<?> array) {
        json.append('[');
        String separator = "";
        for (Object element : array) {
            json.append(separator);
            append(json, element);
            separator = ",";
        }
        json.append(']');
    }

    private static void appendString(StringBuilder json, CharSequence text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    // U+2028 and U+2029 are legal in JSON but end a line in JavaScript.
                    if (c < 0x20 || c == 0x7f || c == '\u2028' || c == '\u2029') {
                        json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
