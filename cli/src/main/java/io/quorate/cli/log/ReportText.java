/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.output.OutputFormat;
import io.quorate.cli.output.Table;
import io.quorate.cli.output.Terminal;
import io.quorate.logstore.DirectoryInspection;
import io.quorate.logstore.Finding;
import io.quorate.logstore.LogReport;
import io.quorate.logstore.LogReport.SegmentReport;
import io.quorate.logstore.LogReport.Slot;
import io.quorate.logstore.LogReport.SnapshotReport;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** A report for people. */
final class ReportText {
    private final Terminal terminal;
    private final OutputFormat format;

    ReportText(Terminal terminal, OutputFormat format) {
        this.terminal = terminal;
        this.format = format;
    }

    void printHead(DirectoryInspection found) {
        String owner = found.owner()
                .map(known -> "node " + known.nodeId() + " of cluster " + known.clusterId()
                        + known.incarnation()
                                .map(number -> ", incarnation " + Long.toHexString(number))
                                .orElse(""))
                .orElse("of an unknown node");
        terminal.println(found.root() + " · " + owner + (found.isLocked() ? "" : " · no LOCK file, so not locked"));
        found.identityProblem().ifPresent(this::print);
    }

    void print(LogReport report) {
        terminal.println("");
        terminal.println(
                "group " + report.group() + (report.group() == 0 ? " (metadata)" : "") + " · " + hardState(report));
        format.print(terminal, segments(report));
        for (SnapshotReport snapshot : report.snapshots()) {
            terminal.println("snapshot " + snapshot.file() + " · "
                    + (snapshot.isIntact()
                            ? "up to entry " + snapshot.lastTerm() + "/" + snapshot.lastIndex() + ", next offset "
                                    + snapshot.nextOffset() + " · " + snapshot.stateBytes() + " bytes of state, "
                                    + snapshot.membershipBytes() + " of membership"
                            : "damaged"));
        }
        if (!report.otherFiles().isEmpty()) {
            terminal.println("other files: " + String.join(", ", report.otherFiles()));
        }
        report.findings().forEach(this::print);
        if (report.moreFindings() > 0) {
            terminal.println(
                    "… and " + report.moreFindings() + " more findings, " + report.moreDamage() + " of them damage");
        }
        terminal.println("next start: " + nextStart(report));
    }

    private static String nextStart(LogReport report) {
        Optional<String> refusal = report.nextStart().refusal();
        if (refusal.isPresent()) {
            return "refuses this log and changes nothing: " + refusal.get();
        }
        String changes = report.nextStart().changes().isEmpty()
                ? "changes nothing"
                : String.join(", ", report.nextStart().changes());
        return report.nextStart()
                .repair()
                .map(damage -> changes + "; takes no entries before this is fetched from another replica: " + damage)
                .orElse(changes);
    }

    private static String hardState(LogReport report) {
        if (report.hardState().isEmpty()) {
            return "no hard state";
        }
        Optional<Slot> newest = report.newestHardState();
        if (newest.isEmpty()) {
            return "term and vote are lost: both copies are damaged";
        }
        Slot state = newest.get();
        return "term " + state.term() + ", voted for "
                + (state.votedFor() == 0 ? "nobody" : "node " + state.votedFor()) + " · durable to "
                + state.durableIndex() + " · copies " + slot(report.hardState().get(0)) + " and "
                + slot(report.hardState().get(1));
    }

    private static String slot(Slot slot) {
        return slot.isIntact() ? "#" + slot.sequence() : "damaged";
    }

    private static Table segments(LogReport report) {
        Table table = new Table(
                "SEGMENT",
                ">FIRST",
                ">LAST",
                ">FIRST OFFSET",
                ">NEXT OFFSET",
                ">TERM",
                ">BYTES",
                ">FILE",
                "LATEST",
                "STATE",
                "SIDECAR",
                ">VERIFIED");
        for (SegmentReport segment : report.segments()) {
            table.row(
                    segment.file(),
                    segment.firstIndex(),
                    segment.lastIndex() < segment.firstIndex() ? "-" : segment.lastIndex(),
                    orUnknown(segment.firstOffset()),
                    orUnknown(segment.nextOffset()),
                    segment.lastTerm(),
                    segment.usedBytes(),
                    segment.fileBytes(),
                    segment.maxTimestampMillis() <= 0 ? "-" : Instant.ofEpochMilli(segment.maxTimestampMillis()),
                    name(segment.state()),
                    name(segment.sidecar()),
                    segment.verifiedEntries());
        }
        return table;
    }

    private static Object orUnknown(long offset) {
        return offset < 0 ? "?" : offset;
    }

    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void print(Finding finding) {
        terminal.println(name(finding.severity()) + ": " + finding.file() + " · position " + finding.position()
                + (finding.index() > 0 ? ", index " + finding.index() : "") + " · " + finding.what());
    }

    void printSummary(DirectoryInspection found, int groups, int damaged) {
        terminal.println("");
        if (found.owner().isEmpty()) {
            terminal.println("whose logs these are is not known: --cluster and --node tell");
            return;
        }
        terminal.println(
                damaged == 0
                        ? groups + (groups == 1 ? " group" : " groups") + ", no damage"
                        : damaged + " of " + groups + (groups == 1 ? " group" : " groups") + " damaged");
    }
}
