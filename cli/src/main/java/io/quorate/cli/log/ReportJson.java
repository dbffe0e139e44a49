/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.output.Json;
import io.quorate.logstore.Finding;
import io.quorate.logstore.LogReport;
import io.quorate.logstore.LogReport.SegmentReport;
import io.quorate.logstore.LogReport.Slot;
import io.quorate.logstore.LogReport.SnapshotReport;
import java.util.Map;

/** A report for programs. */
final class ReportJson {
    private ReportJson() {}

    static Map<String, Object> of(LogReport report) {
        return Json.object(
                "group", report.group(),
                "directory", report.directory().toString(),
                "damaged", report.isDamaged(),
                "hardState", report.hardState().stream().map(ReportJson::of).toList(),
                "segments", report.segments().stream().map(ReportJson::of).toList(),
                "snapshots", report.snapshots().stream().map(ReportJson::of).toList(),
                "otherFiles", report.otherFiles(),
                "findings", report.findings().stream().map(ReportJson::of).toList(),
                "moreFindings", report.moreFindings(),
                "moreDamage", report.moreDamage(),
                "nextStart",
                        Json.object(
                                "refusal", report.nextStart().refusal().orElse(null),
                                "repair", report.nextStart().repair().orElse(null),
                                "changes", report.nextStart().changes()));
    }

    private static Map<String, Object> of(Slot slot) {
        return slot.isIntact()
                ? Json.object(
                        "intact", true,
                        "sequence", slot.sequence(),
                        "term", slot.term(),
                        "votedFor", slot.votedFor() == 0 ? null : slot.votedFor(),
                        "firstSegment", slot.firstSegment(),
                        "lastSegment", slot.lastSegment(),
                        "durableIndex", slot.durableIndex(),
                        "resetTo", slot.resetTo() == 0 ? null : slot.resetTo())
                : Json.object("intact", false);
    }

    private static Map<String, Object> of(SegmentReport segment) {
        return Json.object(
                "file", segment.file(),
                "state", ReportText.name(segment.state()),
                "sidecar", ReportText.name(segment.sidecar()),
                "firstIndex", segment.firstIndex(),
                "lastIndex", segment.lastIndex(),
                "firstOffset", segment.firstOffset() < 0 ? null : segment.firstOffset(),
                "nextOffset", segment.nextOffset() < 0 ? null : segment.nextOffset(),
                "lastTerm", segment.lastTerm(),
                "usedBytes", segment.usedBytes(),
                "fileBytes", segment.fileBytes(),
                "maxTimestampMs", segment.maxTimestampMillis() == Long.MIN_VALUE ? null : segment.maxTimestampMillis(),
                "digest", Long.toHexString(segment.digest()),
                "verifiedEntries", segment.verifiedEntries());
    }

    private static Map<String, Object> of(SnapshotReport snapshot) {
        return Json.object(
                "file", snapshot.file(),
                "intact", snapshot.isIntact(),
                "lastIndex", snapshot.lastIndex(),
                "lastTerm", snapshot.lastTerm(),
                "nextOffset", snapshot.nextOffset(),
                "membershipBytes", snapshot.membershipBytes(),
                "stateBytes", snapshot.stateBytes());
    }

    static Map<String, Object> of(Finding finding) {
        return Json.object(
                "severity", ReportText.name(finding.severity()),
                "file", finding.file().toString(),
                "position", finding.position(),
                "index", finding.index() == 0 ? null : finding.index(),
                "what", finding.what());
    }
}
