/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import java.util.List;

/** The configuration cannot be used. Lists everything that is wrong with it, so that one look at it is enough. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /** @param problems at least one; each names key, value, origin and what would be right */
    public ConfigException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
        this.problems = List.copyOf(problems);
    }

    public ConfigException(String problem) {
        this(List.of(problem));
    }

    /** One sentence each, in the order of the table of keys. */
    public List<String> problems() {
        return problems;
    }
}
