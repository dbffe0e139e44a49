/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import java.util.Locale;
import java.util.Optional;

/** What a topic may be called: 1 to 200 characters of {@code [A-Za-z0-9._-]}, neither "." nor "..". */
public final class TopicName {
    public static final int MAX_LENGTH = 200;

    /** How much of a bad name is repeated to whoever sent it. */
    private static final int QUOTED_LENGTH = 40;

    private TopicName() {}

    /** Why {@code name} is not a topic's name; empty if it is one. */
    public static Optional<Refusal> check(String name) {
        if (name.isEmpty()) {
            return Optional.of(refusal("is empty"));
        }
        if (name.length() > MAX_LENGTH) {
            return Optional.of(refusal(quoted(name) + " has " + name.length() + " characters"));
        }
        if (name.equals(".") || name.equals("..")) {
            return Optional.of(refusal(quoted(name) + " is reserved"));
        }
        for (int at = 0; at < name.length(); at++) {
            if (!isAllowed(name.charAt(at))) {
                return Optional.of(refusal(quoted(name) + " has " + described(name.charAt(at)) + " at position " + at));
            }
        }
        return Optional.empty();
    }

    private static boolean isAllowed(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-';
    }

    private static Refusal refusal(String what) {
        return Refusal.of(
                        Reason.INVALID_ARGUMENT,
                        "topic name " + what + "; a name is 1 to " + MAX_LENGTH
                                + " characters of [A-Za-z0-9._-], neither \".\" nor \"..\"")
                .with("field", "topic");
    }

    /** Printable whatever was sent: it ends up on terminals and in logs. */
    private static String quoted(String name) {
        StringBuilder text = new StringBuilder("\"");
        for (int at = 0; at < Math.min(name.length(), QUOTED_LENGTH); at++) {
            char c = name.charAt(at);
            text.append(c >= ' ' && c < 0x7f ? c : '?');
        }
        return text.append(name.length() > QUOTED_LENGTH ? "…\"" : "\"").toString();
    }

    private static String described(char c) {
        return c > ' ' && c < 0x7f ? "'" + c + "'" : String.format(Locale.ROOT, "U+%04X", (int) c);
    }
}
