/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Merges what configures a node. Flags ({@code --set section.key=value}) win over environment variables
 * ({@code QUORATE_SECTION_KEY}), these over the file, the file over the defaults. Anything that no key stands for is
 * refused, and so is every value outside its range: a node that starts does what its configuration says.
 */
public final class NodeConfigLoader {
    private final Map<String, ConfigKey<?>> keys = new TreeMap<>();
    private final Map<String, EffectiveConfig.Setting> settings = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();

    private NodeConfigLoader() {
        ConfigKeys.all().forEach(key -> keys.put(key.name(), key));
    }

    /**
     * Reads all sources and checks every value by itself and all of them together.
     *
     * @param file        YAML, if there is one
     * @param environment of the process; variables that do not begin with QUORATE_ and the name of a section are ignored
     * @param overrides   {@code section.key=value}; of two for the same key the later one counts
     * @throws ConfigException listing everything that is wrong
     */
    public static NodeConfig load(Optional<Path> file, Map<String, String> environment, List<String> overrides) {
        return NodeConfig.of(effective(file, environment, overrides));
    }

    /** As {@link #load}, without what concerns several keys together; for showing where values come from. */
    public static EffectiveConfig effective(
            Optional<Path> file, Map<String, String> environment, List<String> overrides) {
        NodeConfigLoader loader = new NodeConfigLoader();
        file.ifPresent(loader::readFile);
        loader.readEnvironment(new TreeMap<>(environment));
        overrides.forEach(loader::readOverride);
        return loader.finish();
    }

    private void readFile(Path file) {
        YamlSource yaml = YamlSource.read(file);
        ConfigOrigin origin = ConfigOrigin.file(file.toString());
        yaml.values().forEach((name, text) -> {
            ConfigKey<?> key = keys.get(name);
            if (key != null && yaml.isList(name) && !key.type().acceptsList()) {
                problems.add(name + " (" + origin + "): expected one value, not a list");
            } else {
                set(name, text, origin);
            }
        });
    }

    private void readEnvironment(TreeMap<String, String> environment) {
        Map<String, ConfigKey<?>> byVariable = new TreeMap<>();
        keys.values().forEach(key -> byVariable.put(key.environmentVariable(), key));
        environment.forEach((variable, text) -> {
            ConfigKey<?> key = byVariable.get(variable);
            if (key != null) {
                set(key.name(), text.trim(), ConfigOrigin.environment(variable));
            } else if (keys.values().stream().anyMatch(known -> variable.startsWith(known.environmentSection()))) {
                problems.add("environment variable " + variable + " sets no known key"
                        + Suggestion.of(variable, byVariable.keySet()));
            }
        });
    }

    private void readOverride(String override) {
        int equals = override.indexOf('=');
        if (equals < 0) {
            problems.add("\"" + override + "\" (" + ConfigOrigin.FLAG + "): expected section.key=value");
        } else {
            set(
                    override.substring(0, equals).trim(),
                    override.substring(equals + 1).trim(),
                    ConfigOrigin.FLAG);
        }
    }

    private void set(String name, String text, ConfigOrigin origin) {
        ConfigKey<?> key = keys.get(name);
        if (key == null) {
            problems.add("unknown key " + quoted(name) + " (" + origin + ")" + Suggestion.of(name, keys.keySet()));
            return;
        }
        try {
            settings.put(name, setting(key, text, origin));
        } catch (IllegalArgumentException e) {
            problems.add(name + " = " + quoted(text) + " (" + origin + "): " + e.getMessage());
        }
    }

    private static <T> EffectiveConfig.Setting setting(ConfigKey<T> key, String text, ConfigOrigin origin) {
        T value = key.type().parse(text);
        return new EffectiveConfig.Setting(value, key.type().format(value), origin);
    }

    /** Long enough to recognise, short enough not to fill a log. */
    private static String quoted(String text) {
        return '"' + (text.length() <= 100 ? text : text.substring(0, 100) + "…") + '"';
    }

    private EffectiveConfig finish() {
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return new EffectiveConfig(settings);
    }
}
