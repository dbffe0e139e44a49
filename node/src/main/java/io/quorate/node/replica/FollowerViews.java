/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.ClusterView.FollowerView;
import io.quorate.raft.FollowerStatus;
import io.quorate.raft.RaftCore;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** What a leader knows of its followers, for people. */
final class FollowerViews {
    /** So many entries are measured; of more the size is estimated from these. */
    private static final int MEASURED_ENTRIES = 1_024;

    private FollowerViews() {}

    /** Empty if the member does not lead. For how long a follower has been behind is not known here. */
    static List<FollowerView> of(RaftCore core, int tickMillis) {
        List<FollowerView> views = new ArrayList<>();
        for (FollowerStatus status : core.followers()) {
            long lagEntries = Math.max(0, core.lastIndex() - status.matchIndex());
            views.add(new FollowerView(
                    MemberId.node(status.follower()).value(),
                    status.matchIndex(),
                    lagEntries,
                    lagBytes(core, lagEntries),
                    OptionalLong.empty(),
                    (long) status.silentTicks() * tickMillis,
                    status.replicating(),
                    status.installing()));
        }
        return views;
    }

    /** About the size of the newest entries: by those of them that are in memory. */
    private static OptionalLong lagBytes(RaftCore core, long entries) {
        if (entries == 0) {
            return OptionalLong.of(0);
        }
        long last = core.lastIndex();
        long from = Math.max(core.tailStart(), Math.max(last - entries, last - MEASURED_ENTRIES) + 1);
        if (from > last) {
            return OptionalLong.empty();
        }
        long bytes = 0;
        for (long index = from; index <= last; index++) {
            bytes += core.tailEntry(index).sizeBytes();
        }
        long measured = last - from + 1;
        return OptionalLong.of((long) ((double) bytes / measured * entries));
    }
}
