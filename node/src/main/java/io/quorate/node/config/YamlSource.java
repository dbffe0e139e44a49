/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/**
 * A YAML file as flat {@code section.key → text}. All scalars are text (so that {@code 010} and {@code 1e3} mean what
 * they look like), a list becomes its elements joined by commas, two levels are all there is. Size is bounded, aliases
 * and duplicate keys are refused.
 */
final class YamlSource {
    static final int MAX_BYTES = 64 << 10;

    private final String path;
    private final Map<String, String> values = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> lists = new ArrayList<>();

    private YamlSource(Path path) {
        this.path = path.toString();
    }

    /** @throws ConfigException if it cannot be read, is not YAML or has another shape */
    static YamlSource read(Path path) {
        YamlSource source = new YamlSource(path);
        source.flatten(source.parse(source.text(path)));
        if (!source.problems.isEmpty()) {
            throw new ConfigException(source.problems);
        }
        return source;
    }

    /** Sorted by key. */
    Map<String, String> values() {
        return values;
    }

    /** Whether the value of {@code key} was written as a YAML list. */
    boolean isList(String key) {
        return lists.contains(key);
    }

    private String text(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new ConfigException("configuration file " + path + " does not exist");
        } catch (IOException e) {
            throw new ConfigException("configuration file " + path + " cannot be read: " + e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new ConfigException("configuration file " + path + " is larger than " + MAX_BYTES + " bytes");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ConfigException("configuration file " + path + " is not UTF-8");
        }
    }

    private Optional<Object> parse(String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(path)
                .setSchema(new FailsafeSchema())
                // What the parser makes of an empty document, which this schema has no type for.
                .setTagConstructors(Map.of(Tag.NULL, node -> ""))
                .setAllowDuplicateKeys(false)
                .setMaxAliasesForCollections(0)
                .setCodePointLimit(MAX_BYTES)
                .build();
        try {
            return Optional.ofNullable(new Load(settings).loadFromString(text));
        } catch (YamlEngineException e) {
            throw new ConfigException("configuration file " + path + " is not valid YAML: " + e.getMessage());
        }
    }

    private void flatten(Optional<Object> document) {
        if (document.isEmpty() || document.get().equals("")) {
            return;
        }
        if (!(document.get() instanceof Map<?, ?> sections)) {
            throw new ConfigException("configuration file " + path + " must be a mapping of sections to keys");
        }
        sections.forEach((section, content) -> {
            if (content instanceof Map<?, ?> keys) {
                keys.forEach((key, value) -> put(section + "." + key, value));
            } else {
                put(String.valueOf(section), content);
            }
        });
    }

    private void put(String key, Object value) {
        String text;
        if (value instanceof String scalar) {
            text = scalar.trim();
        } else if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            text = String.join(",", list.stream().map(String::valueOf).toList());
            lists.add(key);
        } else {
            problems.add(key + " (file " + path + "): expected one value or a list of values");
            return;
        }
        if (values.put(key, text) != null) {
            problems.add(key + " (file " + path + "): set twice");
        }
    }
}
