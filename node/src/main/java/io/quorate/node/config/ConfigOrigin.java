/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.util.Objects;

/**
 * Where a value came from.
 *
 * @param kind   which of the sources
 * @param detail the file, the environment variable; empty where the kind says it all
 */
public record ConfigOrigin(Kind kind, String detail) {
    /** The sources; a later one overrides an earlier one. */
    public enum Kind {
        DEFAULT,
        FILE,
        ENVIRONMENT,
        FLAG
    }

    public static final ConfigOrigin DEFAULT = new ConfigOrigin(Kind.DEFAULT, "");
    public static final ConfigOrigin FLAG = new ConfigOrigin(Kind.FLAG, "");

    public ConfigOrigin {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(detail, "detail");
    }

    static ConfigOrigin file(String path) {
        return new ConfigOrigin(Kind.FILE, path);
    }

    static ConfigOrigin environment(String variable) {
        return new ConfigOrigin(Kind.ENVIRONMENT, variable);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case DEFAULT -> "default";
            case FILE -> "file " + detail;
            case ENVIRONMENT -> "environment variable " + detail;
            case FLAG -> "flag --set";
        };
    }
}
