/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.client.ReaderConfig.Position;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "read",
        header = "Read records, each followed by a newline.",
        description = {
            "Without --follow it ends at the end of the partition as it was when it got there.",
            "Without a partition all are read, one after the other; with --follow all at once."
        })
public final class ReadVerb extends AbstractReadVerb {
    @Option(
            names = "--from",
            paramLabel = "start|end|OFFSET",
            description = "Where to begin. Default: the offset of the argument, else start.")
    private String from;

    @Option(
            names = {"-f", "--follow"},
            description = "Wait for further records instead of ending.")
    private boolean follow;

    public ReadVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        PartitionTarget where = target();
        return read(where, position(where.offset(), from), follow);
    }

    static Position position(OptionalLong ofArgument, String from) {
        if (from == null) {
            return ofArgument.isPresent() ? Position.offset(ofArgument.getAsLong()) : Position.earliest();
        }
        if (ofArgument.isPresent()) {
            throw CliException.usage("both the argument and --from name where to begin", "name it once");
        }
        return switch (from) {
            case "start" -> Position.earliest();
            case "end" -> Position.latest();
            default -> Position.offset(offset(from));
        };
    }

    private static long offset(String from) {
        try {
            long offset = Long.parseLong(from);
            if (offset >= 0) {
                return offset;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw CliException.usage("--from " + from + " is not a place to begin", "write start, end or an offset from 0");
    }
}
