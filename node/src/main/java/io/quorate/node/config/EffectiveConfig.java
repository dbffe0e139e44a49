/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What each key is set to and by whom, after all sources were merged. Values are valid one by one. */
public final class EffectiveConfig {
    /**
     * One value.
     *
     * @param value  of the key's type
     * @param text   as it would be written
     * @param origin who set it
     */
    record Setting(Object value, String text, ConfigOrigin origin) {}

    private final Map<String, Setting> settings;

    /** @param settings by the name of their key */
    EffectiveConfig(Map<String, Setting> settings) {
        this.settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    }

    /** The value that was set, else the default; empty only for keys whose default derives from others. */
    <T> Optional<T> find(ConfigKey<T> key) {
        @SuppressWarnings("unchecked") // put there by the loader as the result of this key's own type
        T value = settings.containsKey(key.name())
                ? (T) settings.get(key.name()).value()
                : key.defaultValue().orElse(null);
        return Optional.ofNullable(value);
    }

    <T> T get(ConfigKey<T> key) {
        return find(key).orElseThrow(() -> new IllegalStateException(key.name() + " has neither value nor default"));
    }

    /** Who set {@code key}. */
    public ConfigOrigin origin(ConfigKey<?> key) {
        Setting setting = settings.get(key.name());
        return setting == null ? ConfigOrigin.DEFAULT : setting.origin();
    }

    /** "key = text (origin)", to begin a message about it with. */
    String describe(ConfigKey<?> key) {
        Setting setting = settings.get(key.name());
        String text = setting == null ? key.defaultText() : setting.text();
        return key.name() + " = " + text + " (" + origin(key) + ")";
    }

    /** Every key in the order of the table: {@code key = value  # origin}, aligned, one a line. No key holds a secret. */
    public String render() {
        int width = ConfigKeys.all().stream()
                .mapToInt(key -> key.name().length() + 3 + text(key).length())
                .max()
                .orElseThrow();
        StringBuilder lines = new StringBuilder();
        for (ConfigKey<?> key : ConfigKeys.all()) {
            String assignment = key.name() + " = " + text(key);
            lines.append(assignment)
                    .append(" ".repeat(width - assignment.length()))
                    .append("  # ")
                    .append(origin(key))
                    .append('\n');
        }
        return lines.toString();
    }

    private String text(ConfigKey<?> key) {
        Setting setting = settings.get(key.name());
        return setting == null ? key.defaultText() : setting.text();
    }
}
