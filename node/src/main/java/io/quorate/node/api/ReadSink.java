/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import io.quorate.raft.log.LogEntry;
import java.util.List;

/** Takes what a read finds, on the event loop. */
public interface ReadSink {
    /** Whether it can take more now; when it can again, it calls {@link ReadSession#resume}. */
    boolean isReady();

    /** Committed RECORDS entries in offset order; the first one may start before the offset asked for. */
    void onEntries(List<LogEntry> entries, Marks marks);

    /** Nothing new for now, for a follower that has caught up: tells the marks only. */
    void onCaughtUp(Marks marks);

    /** The bound was reached. */
    void onEnd(Marks marks);

    /** The read is over. */
    void onRefused(Refusal refusal);
}
