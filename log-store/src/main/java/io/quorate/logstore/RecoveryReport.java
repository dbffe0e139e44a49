/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * What {@link LogStore#open} found and did, for the node's log line and metrics.
 *
 * @param created            there was nothing, or a log that was being replaced: a new, empty log was made
 * @param segments           how many segments the log has
 * @param cutPosition        where a torn tail was cut in the last segment, -1 if there was none
 * @param hardStateRepaired  one of the two copies of term and vote was behind or damaged and was written again
 * @param rebuiltIndexes     how many sealed segments were read in full, since their index was missing or damaged
 * @param deletedLeftovers   how many files of an interrupted operation were deleted
 * @param rewrittenHeaders   how many segment headers were damaged, and written again
 * @param badSnapshots       how many snapshots were damaged, and deleted
 */
public record RecoveryReport(
        boolean created,
        int segments,
        long cutPosition,
        boolean hardStateRepaired,
        int rebuiltIndexes,
        int deletedLeftovers,
        int rewrittenHeaders,
        int badSnapshots) {}
