/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.logstore.DirectoryInspection;
import io.quorate.logstore.LogInspection;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "dump",
        header = "Print the entries of one group's log.",
        description = {
            "One line each: index, term, type, first offset, records, timestamp, position, payload bytes, checksum, state.",
            "Without --records payloads are not read. Exit code 3 if an entry is damaged or missing."
        })
final class DumpVerb extends AbstractLogVerb {
    @Option(
            names = "--from",
            paramLabel = "INDEX",
            defaultValue = "1",
            description = "First. Default: ${DEFAULT-VALUE}.")
    private long from;

    @Option(names = "--to", paramLabel = "INDEX", description = "Last. Default: the end.")
    private Long to;

    @Option(
            names = {"-n", "--limit"},
            paramLabel = "N",
            description = "At most so many entries.")
    private Long limit;

    @Option(names = "--records", description = "Read and verify payloads, and show the records of batches.")
    private boolean records;

    DumpVerb(CliContext context) {
        super(context);
    }

    @Override
    int look(DirectoryInspection found) throws IOException {
        if (from < 1 || (to != null && to < from) || (limit != null && limit < 0)) {
            throw CliException.usage(
                    "--from and --limit are not negative, --to is not below --from", "indexes begin at 1");
        }
        List<Long> groups = groups(found);
        if (groups.size() != 1) {
            throw CliException.usage(
                    found.root() + " holds groups " + groups + ", and dump shows one", "--group ID says which");
        }
        if (found.owner().isEmpty()) {
            throw new CliException(
                    ExitCode.PRECONDITION,
                    "DATA_DIRECTORY",
                    found.identityProblem().orElseThrow().what(),
                    "--cluster and --node tell whose log it is",
                    null);
        }
        LogInspection log = found.group(groups.get(0));
        EntryPrinter printer = new EntryPrinter(terminal(), format(), records, limit == null ? Long.MAX_VALUE : limit);
        if (limit == null || limit > 0) {
            log.entries(from, to == null ? Long.MAX_VALUE : to, records, printer);
        }
        return printer.sawDamage() ? ExitCode.UNHEALTHY : ExitCode.OK;
    }
}
