/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.client.ReaderConfig.Position;
import java.time.Instant;
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
            paramLabel = "start|end|OFFSET|TIME|AGO",
            description = {
                "Where to begin: with what was appended since a TIME such as 2026-03-01T12:00:00Z, or AGO, such as 15m; by"
                        + " the clock of the leader that took it.",
                "Default: the offset of the argument, else start."
            })
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
        return read(where, position(where.offset(), from, Instant.now()), follow);
    }

    static Position position(OptionalLong ofArgument, String from, Instant now) {
        if (from == null) {
            return ofArgument.isPresent() ? Position.offset(ofArgument.getAsLong()) : Position.earliest();
        }
        if (ofArgument.isPresent()) {
            throw CliException.usage("both the argument and --from name where to begin", "name it once");
        }
        return switch (from) {
            case "start" -> Position.earliest();
            case "end" -> Position.latest();
            default -> StartingPoint.parse(from, now);
        };
    }
}
