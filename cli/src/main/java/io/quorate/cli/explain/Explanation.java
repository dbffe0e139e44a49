/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import io.quorate.cli.explain.Finding.Cause;
import io.quorate.cli.explain.Finding.Severity;
import java.util.List;

/**
 * How a partition is, and why.
 *
 * @param subject  "demo/0", or "demo" if there is no such topic
 * @param sentence for people, without a full stop
 * @param findings the worst first; empty if all is well
 * @param history  what happened to the partition lately, oldest first, in sentences
 */
record Explanation(String subject, String sentence, List<Finding> findings, List<String> history) {
    Explanation {
        findings = List.copyOf(findings);
        history = List.copyOf(history);
    }

    boolean isUnknown() {
        return findings.stream()
                .anyMatch(finding -> finding.cause() == Cause.UNKNOWN_TOPIC
                        || finding.cause() == Cause.UNKNOWN_PARTITION
                        || finding.cause() == Cause.TOPIC_DELETED);
    }

    /** Whether nothing is amiss; there may be something that is good to know. */
    boolean isWell() {
        return findings.stream().allMatch(finding -> finding.severity() == Severity.INFO);
    }

    boolean isOutage() {
        return findings.stream().anyMatch(finding -> finding.severity() == Severity.OUTAGE);
    }
}
