/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.logstore.DirectoryInspection;
import io.quorate.logstore.Finding;
import io.quorate.logstore.LogInspection;
import io.quorate.logstore.LogReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Prints a report on each group, one after the other. */
abstract class AbstractReportVerb extends AbstractLogVerb {
    AbstractReportVerb(CliContext context) {
        super(context);
    }

    abstract LogReport report(LogInspection log, LogInspection.Progress progress) throws IOException;

    @Override
    final int look(DirectoryInspection found) throws IOException {
        List<Long> groups = groups(found);
        ReportText text = new ReportText(terminal(), format());
        boolean json = format() == OutputFormat.JSON;
        List<Object> documents = new ArrayList<>();
        int damaged = 0;
        if (!json) {
            text.printHead(found);
        }
        if (found.owner().isPresent()) {
            for (long group : groups) {
                LogReport report = report(found.group(group));
                damaged += report.isDamaged() ? 1 : 0;
                if (json) {
                    documents.add(ReportJson.of(report));
                } else {
                    text.print(report);
                }
            }
        }
        if (json) {
            terminal().println(Json.write(document(found, documents, damaged)));
        } else {
            text.printSummary(found, groups.size(), damaged);
        }
        return damaged > 0 || found.identityProblem().isPresent() ? ExitCode.UNHEALTHY : ExitCode.OK;
    }

    private LogReport report(LogInspection log) throws IOException {
        try (FileProgress progress = new FileProgress(terminal())) {
            return report(log, progress::at);
        }
    }

    private static Map<String, Object> document(DirectoryInspection found, List<Object> groups, int damaged) {
        return Json.object(
                "directory",
                found.root().toString(),
                "clusterId",
                found.owner().map(DirectoryInspection.Owner::clusterId).orElse(null),
                "nodeId",
                found.owner().map(DirectoryInspection.Owner::nodeId).orElse(null),
                "incarnation",
                found.owner()
                        .flatMap(DirectoryInspection.Owner::incarnation)
                        .map(Long::toHexString)
                        .orElse(null),
                "identityProblem",
                found.identityProblem().map(Finding::what).orElse(null),
                "damagedGroups",
                damaged,
                "groups",
                groups);
    }
}
