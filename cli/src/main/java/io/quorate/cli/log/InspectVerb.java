/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.base.CliContext;
import io.quorate.logstore.LogInspection;
import io.quorate.logstore.LogReport;
import java.io.IOException;
import picocli.CommandLine.Command;

@Command(
        name = "inspect",
        header = "Show whose directory it is, term and vote, segments and snapshots.",
        description = {
            "Reads what a start of the node would read. Of sealed segments only headers and sidecars: verify reads all.",
            "Exit code 3 if there is damage, 5 if the node is running."
        })
final class InspectVerb extends AbstractReportVerb {
    InspectVerb(CliContext context) {
        super(context);
    }

    @Override
    LogReport report(LogInspection log, LogInspection.Progress progress) throws IOException {
        return log.inspect(progress);
    }
}
