/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.base.CliContext;
import io.quorate.logstore.LogInspection;
import io.quorate.logstore.LogReport;
import java.io.IOException;
import picocli.CommandLine.Command;

@Command(
        name = "verify",
        header = "Read everything and tell whether it is what was written.",
        description = {
            "Every entry, every sidecar, term and vote, and every snapshot. Repairs nothing.",
            "Exit code 3 if there is damage, 5 if the node is running. What a crash may leave is no damage."
        })
final class VerifyVerb extends AbstractReportVerb {
    VerifyVerb(CliContext context) {
        super(context);
    }

    @Override
    LogReport report(LogInspection log, LogInspection.Progress progress) throws IOException {
        return log.verify(progress);
    }
}
