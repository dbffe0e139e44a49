/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node;

import io.quorate.node.api.EventKind;
import io.quorate.node.events.EventObserver;
import io.quorate.node.events.FlightRecorder;
import io.quorate.node.events.FollowerLag;
import io.quorate.node.events.RefusalCounts;
import io.quorate.node.metadata.MetadataService;
import io.quorate.node.metadata.TopicState;
import io.quorate.node.replica.GroupName;
import io.quorate.node.replica.LocalReplicas;
import io.quorate.node.replica.Replica;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.GuardedLoop;
import io.quorate.raft.RaftCore;
import io.quorate.raft.log.NodeId;
import java.util.Collection;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** What a node writes down about itself: who tells the flight recorder what, from its start to its stop. Event loop only. */
final class NodeJournal {
    private final GuardedLoop loop;
    private final FlightRecorder recorder;
    private final RefusalCounts refusals;
    private final EventObserver observer;
    private final FollowerLag lag;
    private EventLoop.Timer timer = () -> {};

    /** @param names of groups, for people */
    NodeJournal(GuardedLoop loop, FlightRecorder recorder, LongFunction<String> names) {
        this.loop = loop;
        this.recorder = recorder;
        this.refusals = new RefusalCounts(loop, recorder);
        this.observer = new EventObserver(recorder, refusals, names);
        this.lag = new FollowerLag(loop.clock(), recorder);
    }

    FlightRecorder recorder() {
        return recorder;
    }

    ReplicaObserver observer() {
        return observer;
    }

    FollowerLag lag() {
        return lag;
    }

    void started(NodeSettings settings, long incarnation, MetadataService metadata, LocalReplicas replicas) {
        recorder.record(
                EventKind.NODE_STARTED,
                0,
                "node " + settings.nodeId().value() + " of " + settings.clusterId() + ", incarnation "
                        + Long.toHexString(incarnation));
        watchFollowers(metadata, replicas);
    }

    private void watchFollowers(MetadataService metadata, LocalReplicas replicas) {
        timer = loop.schedule(FollowerLag.INTERVAL_MILLIS * 1_000_000, () -> {
            look(metadata.replica());
            replicas.forEachRunning(this::look);
            lag.endOfRound();
            watchFollowers(metadata, replicas);
        });
    }

    private void look(Replica replica) {
        if (replica.isRunning() && replica.core().role() == RaftCore.Role.LEADER) {
            lag.look(replica.name().groupId(), replica.core());
        }
    }

    void onPeer(NodeId peer, boolean connected) {
        recorder.record(connected ? EventKind.PEER_CONNECTED : EventKind.PEER_DISCONNECTED, peer.value(), "");
    }

    void onDeleted(TopicState topic) {
        for (int number = 0; number < topic.partitions().size(); number++) {
            observer.onDeleted(topic.partitions().get(number).groupId(), topic.name() + "/" + number);
        }
    }

    void stopping() {
        timer.cancel();
        refusals.stop();
        recorder.record(EventKind.NODE_STOPPING, 0, "");
    }

    /** After the last event; {@code onClosed} runs on the loop. */
    void close(Runnable onClosed) {
        recorder.close(onClosed);
    }

    /** Of a group: by the registry, which has it before any replica of it is opened here. */
    static String nameOf(long groupId, Supplier<Collection<TopicState>> topics) {
        if (groupId == GroupName.METADATA.groupId()) {
            return "metadata";
        }
        for (TopicState topic : topics.get()) {
            for (int number = 0; number < topic.partitions().size(); number++) {
                if (topic.partitions().get(number).groupId() == groupId) {
                    return topic.name() + "/" + number;
                }
            }
        }
        return "group " + groupId;
    }
}
