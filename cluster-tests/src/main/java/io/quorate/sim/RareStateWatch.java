/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.raft.Persist;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.Message;
import io.quorate.sim.check.ClusterChecker;
import io.quorate.sim.check.DurableImages;
import io.quorate.sim.model.GroupModel;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Looks for the {@link RareState}s of replication, from outside: messages, events, what is handed to disks, and what the
 * model makes of all that. Has no say in anything.
 */
final class RareStateWatch {
    private final ClusterChecker checker;
    private final Sightings sightings;
    private final MachineSegments segments;
    private final Map<Long, GroupWatch> groups = new TreeMap<>();

    /** Where the segments of a log on a machine's disk begin. */
    interface MachineSegments {
        /** The first index of the newest one; 0 if there is none. */
        long newestSegmentOf(NodeId node, long groupId);
    }

    RareStateWatch(ClusterChecker checker, Sightings sightings, MachineSegments segments) {
        this.checker = checker;
        this.sightings = sightings;
        this.segments = segments;
    }

    /** Of a group that nobody deletes; the model knows of the step already, except where it is said. */
    private Optional<GroupWatch> group(long groupId) {
        Optional<GroupModel> model = checker.model(groupId);
        return model.map(found -> groups.computeIfAbsent(groupId, id -> new GroupWatch(found, sightings)));
    }

    void onSend(NodeId from, NodeId to, long groupId, Message message) {
        group(groupId).ifPresent(group -> group.onSend(from, to, message));
    }

    void onArrival(NodeId from, NodeId to, long groupId, Message message) {
        group(groupId).ifPresent(group -> group.onArrival(from, to, message));
    }

    void onRaftEvent(NodeId node, long groupId, RaftEvent event) {
        group(groupId).ifPresent(group -> group.onRaftEvent(node, event));
    }

    /** Before the model knows of it. */
    void beforePersist(NodeId node, long groupId, Persist persist) {
        group(groupId).ifPresent(group -> {
            group.beforePersist(node, persist);
            if (persist.truncateFrom().isPresent()
                    && persist.truncateFrom().getAsLong() < segments.newestSegmentOf(node, groupId)) {
                sightings.met(RareState.TRUNCATED_ACROSS_SEGMENTS);
            }
        });
    }

    void onPersisted(NodeId node, long groupId) {
        group(groupId).ifPresent(GroupWatch::onProgress);
    }

    /** Before the model knows of it. */
    void beforeOpened(NodeId node, long groupId, Optional<DurableImages.Image> image) {
        group(groupId).ifPresent(group -> image.ifPresent(found -> group.beforeOpened(node, found)));
    }

    void onCrash(NodeId node) {
        groups.values().forEach(group -> group.onCrash(node));
    }

    void onPause(NodeId node) {
        if (groups.values().stream().anyMatch(group -> group.isLedBy(node))) {
            sightings.met(RareState.LEADER_PAUSED);
        }
    }

    void onResume(NodeId node) {
        if (groups.values().stream().anyMatch(group -> group.wasReplaced(node))) {
            sightings.met(RareState.RESUMED_AS_FORMER_LEADER);
        }
    }
}
