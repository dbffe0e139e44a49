/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliException;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a data verb is about, written {@code topic[/partition][@offset]}: {@code orders}, {@code orders/3@1200}. */
public record PartitionTarget(String topic, OptionalInt partition, OptionalLong offset) {
    private static final Pattern FORM = Pattern.compile("([^/@]+)(?:/([0-9]{1,9}))?(?:@([0-9]{1,18}))?");

    /** @throws CliException if {@code text} is not of that form; whether there is such a topic is the cluster's to say */
    public static PartitionTarget parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw CliException.usage(
                    "\"" + text + "\" is not topic[/partition][@offset]",
                    "for example orders, orders/3 or orders/3@1200");
        }
        return new PartitionTarget(
                matcher.group(1),
                matcher.group(2) == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(matcher.group(2))),
                matcher.group(3) == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(matcher.group(3))));
    }

    /** As {@link #parse}, for verbs that take no offset. */
    public static PartitionTarget parseWithoutOffset(String text) {
        PartitionTarget target = parse(text);
        if (target.offset.isPresent()) {
            throw CliException.usage("\"" + text + "\" names an offset", "write topic or topic/partition");
        }
        return target;
    }

    /**
     * The partition of the argument or of the option.
     *
     * @param option the value of {@code --partition}; null if not given
     * @throws CliException if they contradict each other
     */
    public PartitionTarget withOption(Integer option) {
        if (option == null) {
            return this;
        }
        if (partition.isPresent() && partition.getAsInt() != option) {
            throw CliException.usage(
                    "the argument names partition " + partition.getAsInt() + ", --partition names " + option,
                    "name it once");
        }
        if (option < 0) {
            throw CliException.usage("--partition " + option + " is negative", "partitions are numbered from 0");
        }
        return new PartitionTarget(topic, OptionalInt.of(option), offset);
    }
}
