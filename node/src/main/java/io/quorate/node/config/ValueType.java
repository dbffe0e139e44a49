/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.NodeId;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How one kind of value is written, what range it has and how it is shown. Parsing is pure and total: a bad text is an
 * {@link IllegalArgumentException} whose message completes the sentence "key = text: …".
 */
interface ValueType<T> {
    T parse(String text);

    /** As it is written in a configuration; {@code parse(format(value))} equals {@code value}. */
    String format(T value);

    /** The accepted values, for the documentation. */
    String range();

    /** A YAML list is taken for the elements joined by commas. */
    default boolean acceptsList() {
        return false;
    }

    static ValueType<Integer> integer(int min, int max) {
        return new ValueType<>() {
            @Override
            public Integer parse(String text) {
                long value;
                try {
                    value = Long.parseLong(text);
                } catch (NumberFormatException e) {
                    throw new IllegalArgumentException("expected a whole number, " + range(), e);
                }
                requireWithin(value, min, max, range());
                return (int) value;
            }

            @Override
            public String format(Integer value) {
                return Integer.toString(value);
            }

            @Override
            public String range() {
                return max == Integer.MAX_VALUE ? min + " or more" : min + " to " + max;
            }
        };
    }

    /** Bytes, plain or with the suffix KiB, MiB or GiB. */
    static ValueType<Long> bytes(long min, long max) {
        return new ValueType<>() {
            private static final Pattern FORM = Pattern.compile("(\\d{1,12}) ?(B|KiB|MiB|GiB)?");

            @Override
            public Long parse(String text) {
                Matcher matcher = FORM.matcher(text);
                if (!matcher.matches()) {
                    throw new IllegalArgumentException(
                            "expected a number of bytes such as 65536, 64KiB, 4MiB or 1GiB, " + range());
                }
                long number = Long.parseLong(matcher.group(1));
                String unit = matcher.group(2) == null ? "B" : matcher.group(2);
                int shift =
                        switch (unit) {
                            case "KiB" -> 10;
                            case "MiB" -> 20;
                            case "GiB" -> 30;
                            default -> 0;
                        };
                // At most 12 digits: shifting by 30 may leave the range of long, comparing first may not.
                if (number > (max >> shift)) {
                    throw new IllegalArgumentException("must be " + range());
                }
                long value = number << shift;
                requireWithin(value, min, max, range());
                return value;
            }

            @Override
            public String format(Long value) {
                for (String unit : new String[] {"GiB", "MiB", "KiB"}) {
                    int shift = unit.charAt(0) == 'G' ? 30 : unit.charAt(0) == 'M' ? 20 : 10;
                    if (value != 0 && (value & ((1L << shift) - 1)) == 0) {
                        return (value >> shift) + unit;
                    }
                }
                return Long.toString(value);
            }

            @Override
            public String range() {
                return format(min) + " to " + format(max);
            }
        };
    }

    static ValueType<Boolean> bool() {
        return new ValueType<>() {
            @Override
            public Boolean parse(String text) {
                return switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new IllegalArgumentException("expected true or false");
                };
            }

            @Override
            public String format(Boolean value) {
                return Boolean.toString(value);
            }

            @Override
            public String range() {
                return "true or false";
            }
        };
    }

    static ValueType<String> name() {
        return new ValueType<>() {
            private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");

            @Override
            public String parse(String text) {
                if (!FORM.matcher(text).matches()) {
                    throw new IllegalArgumentException("expected " + range());
                }
                return text;
            }

            @Override
            public String format(String value) {
                return value;
            }

            @Override
            public String range() {
                return "1 to 64 characters of [A-Za-z0-9._-]";
            }
        };
    }

    static ValueType<HostPort> hostPort() {
        return new ValueType<>() {
            @Override
            public HostPort parse(String text) {
                return HostPort.parse(text);
            }

            @Override
            public String format(HostPort value) {
                return value.toString();
            }

            @Override
            public String range() {
                return "host:port";
            }
        };
    }

    static ValueType<Path> directory() {
        return new ValueType<>() {
            @Override
            public Path parse(String text) {
                if (text.isBlank()) {
                    throw new IllegalArgumentException("expected a directory");
                }
                try {
                    return Path.of(text);
                } catch (InvalidPathException e) {
                    throw new IllegalArgumentException("expected a directory: " + e.getReason(), e);
                }
            }

            @Override
            public String format(Path value) {
                return value.toString();
            }

            @Override
            public String range() {
                return "a path";
            }
        };
    }

    /** {@code 1@host:port,2@host:port,…}; sorted by node, so that its order in the text does not matter. */
    static ValueType<SortedMap<NodeId, HostPort>> nodes(int maxNodes) {
        return new ValueType<>() {
            private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,8})@(.+)");

            @Override
            public SortedMap<NodeId, HostPort> parse(String text) {
                SortedMap<NodeId, HostPort> nodes = new TreeMap<>();
                TreeSet<String> addresses = new TreeSet<>();
                for (String part : text.split(",", -1)) {
                    Matcher matcher = FORM.matcher(part.trim());
                    if (!matcher.matches()) {
                        throw new IllegalArgumentException(
                                "expected 1@host:port,2@host:port,… but one part is \"" + part.trim() + '"');
                    }
                    NodeId id = new NodeId(Integer.parseInt(matcher.group(1)));
                    if (id.value() > MemberId.MAX_NODE) {
                        throw new IllegalArgumentException(
                                "a node's id is 1 to " + MemberId.MAX_NODE + ", not " + id.value());
                    }
                    HostPort address = addressOf(id, matcher.group(2));
                    if (nodes.put(id, address) != null) {
                        throw new IllegalArgumentException("node " + id.value() + " is listed twice");
                    }
                    if (!addresses.add(address.toString())) {
                        throw new IllegalArgumentException("two nodes have the address " + address);
                    }
                    if (nodes.size() > maxNodes) {
                        throw new IllegalArgumentException("more than " + maxNodes + " nodes");
                    }
                }
                return Collections.unmodifiableSortedMap(nodes);
            }

            private HostPort addressOf(NodeId id, String text) {
                HostPort address;
                try {
                    address = HostPort.parse(text);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("address of node " + id.value() + ": " + e.getMessage(), e);
                }
                if (address.isWildcard()) {
                    throw new IllegalArgumentException("address of node " + id.value() + ": " + address.host()
                            + " is not an address that its peers can connect to");
                }
                return address;
            }

            @Override
            public String format(SortedMap<NodeId, HostPort> value) {
                StringBuilder text = new StringBuilder();
                value.forEach((id, address) -> text.append(text.isEmpty() ? "" : ",")
                        .append(id.value())
                        .append('@')
                        .append(address));
                return text.toString();
            }

            @Override
            public String range() {
                return "1@host:port,2@host:port,… or a YAML list of these; at most " + maxNodes;
            }

            @Override
            public boolean acceptsList() {
                return true;
            }
        };
    }

    private static void requireWithin(long value, long min, long max, String range) {
        if (value < min || value > max) {
            throw new IllegalArgumentException("must be " + range);
        }
    }
}
