/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * One row of the table of keys.
 *
 * @param name         {@code section.key}
 * @param type         how its values are written
 * @param defaultValue absent: required, or derived from other keys as {@code description} says
 * @param required     whether there must be a value
 * @param description  for operators: what it does, in one sentence without the range
 */
public record ConfigKey<T>(
        String name, ValueType<T> type, Optional<T> defaultValue, boolean required, String description) {
    private static final String ENVIRONMENT_PREFIX = "QUORATE_";

    public ConfigKey {
        Objects.requireNonNull(type, "type");
        if (required && defaultValue.isPresent()) {
            throw new IllegalArgumentException(name + " is required, yet has a default");
        }
    }

    static <T> ConfigKey<T> required(String name, ValueType<T> type, String description) {
        return new ConfigKey<>(name, type, Optional.empty(), true, description);
    }

    static <T> ConfigKey<T> derived(String name, ValueType<T> type, String description) {
        return new ConfigKey<>(name, type, Optional.empty(), false, description);
    }

    static <T> ConfigKey<T> withDefault(String name, ValueType<T> type, T defaultValue, String description) {
        return new ConfigKey<>(name, type, Optional.of(defaultValue), false, description);
    }

    /** The environment variable that sets it, e.g. {@code QUORATE_RAFT_TICK_MS}. */
    public String environmentVariable() {
        return ENVIRONMENT_PREFIX + name.toUpperCase(Locale.ROOT).replace('.', '_');
    }

    /** What every environment variable of this key's section begins with, e.g. {@code QUORATE_RAFT_}. */
    String environmentSection() {
        return ENVIRONMENT_PREFIX + name.substring(0, name.indexOf('.')).toUpperCase(Locale.ROOT) + '_';
    }

    /** Its default as it would be written; "required" or "derived" where there is none. */
    public String defaultText() {
        return defaultValue.map(type::format).orElse(required ? "required" : "derived");
    }

    /** The accepted values. */
    public String range() {
        return type.range();
    }
}
