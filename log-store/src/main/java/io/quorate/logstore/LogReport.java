/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@link LogInspection} found in one group's directory.
 *
 * @param hardState    the two copies of term and vote, empty if there is no such file
 * @param otherFiles   names that are neither segments nor hard state, sidecars or snapshots
 * @param findings     in the order of the files; the first {@value Findings#MOST}
 * @param moreFindings how many were left out
 * @param moreDamage   how many of them are damage
 * @param nextStart    what a node would do with the directory
 */
public record LogReport(
        long group,
        Path directory,
        List<Slot> hardState,
        List<SegmentReport> segments,
        List<SnapshotReport> snapshots,
        List<String> otherFiles,
        List<Finding> findings,
        long moreFindings,
        long moreDamage,
        NextStart nextStart) {

    /**
     * One copy of the hard state.
     *
     * @param isIntact whether the checksum is right and the owner is this group; if not, the rest is 0
     * @param votedFor node id, 0 for nobody
     */
    public record Slot(
            boolean isIntact,
            long sequence,
            long term,
            int votedFor,
            long firstSegment,
            long lastSegment,
            long durableIndex,
            long resetTo) {
        static final Slot DAMAGED = new Slot(false, 0, 0, 0, 0, 0, 0, 0);
    }

    /** What a segment is to the log. */
    public enum SegmentState {
        ACTIVE,
        SEALED,
        /** Before the first marked segment: the remains of a trim. */
        TRIMMED
    }

    /** What is known of the sidecar of a sealed segment. */
    public enum SidecarState {
        /** Active segments have none. */
        NONE,
        /** Intact, and agrees with the segment as far as was looked at. */
        USABLE,
        MISSING,
        /** Damaged or of something else; made again by reading the segment. */
        UNUSABLE
    }

    /**
     * One segment.
     *
     * @param firstIndex         as the file name says
     * @param lastIndex          of the last entry that is good, {@code firstIndex - 1} if there is none
     * @param firstOffset        first offset it may hold, -1 if unknown
     * @param nextOffset         first offset after its last entry, -1 if unknown
     * @param lastTerm           term of the last entry, 0 if unknown
     * @param usedBytes          header and frames
     * @param fileBytes          size of the file
     * @param maxTimestampMillis highest timestamp of an entry, {@code Long.MIN_VALUE} if there is none
     * @param verifiedEntries    how many entries were read and verified, payloads included
     */
    public record SegmentReport(
            String file,
            SegmentState state,
            SidecarState sidecar,
            long firstIndex,
            long lastIndex,
            long firstOffset,
            long nextOffset,
            long lastTerm,
            long usedBytes,
            long fileBytes,
            long maxTimestampMillis,
            long digest,
            long verifiedEntries) {}

    /**
     * One snapshot file.
     *
     * @param isIntact if not, the rest is as far as it is known
     */
    public record SnapshotReport(
            String file,
            boolean isIntact,
            long lastIndex,
            long lastTerm,
            long nextOffset,
            long membershipBytes,
            long stateBytes) {}

    /**
     * Found out by letting recovery run on a copy in memory.
     *
     * @param refusal why the log would not be opened; empty if it would
     * @param repair  what of it would have to be fetched from another replica before it takes entries again; empty if
     *                nothing
     * @param changes what would be done to the files first
     */
    public record NextStart(Optional<String> refusal, Optional<String> repair, List<String> changes) {}

    public boolean isDamaged() {
        return moreDamage > 0
                || nextStart.refusal().isPresent()
                || nextStart.repair().isPresent()
                || findings.stream().anyMatch(finding -> finding.severity() == Finding.Severity.DAMAGE);
    }

    /** The copy of the hard state that counts. */
    public Optional<Slot> newestHardState() {
        return newest(hardState);
    }

    static Optional<Slot> newest(List<Slot> hardState) {
        return hardState.stream().filter(Slot::isIntact).reduce((a, b) -> b.sequence() > a.sequence() ? b : a);
    }
}
