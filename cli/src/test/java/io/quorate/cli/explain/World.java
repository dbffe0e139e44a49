/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Disk;
import io.quorate.v1.DiskSpace;
import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import io.quorate.v1.FollowerProgress;
import io.quorate.v1.Group;
import io.quorate.v1.ListEventsResponse;
import io.quorate.v1.Node;
import io.quorate.v1.NodeStanding;
import io.quorate.v1.NodeState;
import io.quorate.v1.Partition;
import io.quorate.v1.ReplicaRole;
import io.quorate.v1.Topic;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What three nodes tell of topic demo with one partition; well and led by node 2 in generation 4 unless told otherwise. */
final class World {
    static final long NOW_MILLIS = 1_000_000;
    static final long GROUP = 7;

    private static final class Member {
        boolean answers = true;
        final Set<Integer> hears = new TreeSet<>(Set.of(1, 2, 3));
        ReplicaRole role = ReplicaRole.REPLICA_ROLE_FOLLOWER;
        int leader = 2;
        long generation = 4;
        long lastIndex = 100;
        long lastGeneration = 4;
        long appliedIndex = 100;
        long highWatermark = 90;
        boolean opened = true;
        boolean lost;
        boolean knowsTopic = true;
        String failure = "";
        final Disk.Builder disk =
                Disk.newBuilder().setSpace(DiskSpace.DISK_SPACE_PLENTY).setFreeBytes(50L << 30);
        final TreeMap<Integer, FollowerProgress> followers = new TreeMap<>();
        final ListEventsResponse.Builder events =
                ListEventsResponse.newBuilder().setNowMs(NOW_MILLIS);
    }

    private final TreeMap<Integer, Member> members = new TreeMap<>();
    private boolean registryIsLed = true;

    World() {
        for (int node = 1; node <= 3; node++) {
            members.put(node, new Member());
        }
        leads(2, 4);
        follower(1, 100, -1, 10, true);
        follower(3, 100, -1, 10, true);
    }

    /** Its process is gone. */
    World down(int node) {
        members.get(node).answers = false;
        members.forEach((id, member) -> member.hears.remove(node));
        return event(node == 1 ? 2 : 1, 12_000, EventKind.EVENT_KIND_PEER_DISCONNECTED, -1, node, "");
    }

    /** Its peers hear it, whoever asks does not. */
    World silent(int node) {
        members.get(node).answers = false;
        return this;
    }

    /** It answers, and neither hears its peers nor is heard by them. */
    World cutOff(int node) {
        members.forEach((id, member) -> member.hears.remove(node));
        members.get(node).hears.retainAll(Set.of(node));
        return this;
    }

    /** It says that it leads. */
    World leads(int node, long generation) {
        Member leader = members.get(node);
        leader.role = ReplicaRole.REPLICA_ROLE_LEADER;
        leader.leader = node;
        leader.generation = generation;
        return this;
    }

    World nobodyLeads() {
        members.values().forEach(member -> {
            member.leader = 0;
            member.role = ReplicaRole.REPLICA_ROLE_FOLLOWER;
        });
        return this;
    }

    World campaigns(int node, long generation) {
        members.get(node).role = ReplicaRole.REPLICA_ROLE_CANDIDATE;
        members.get(node).generation = generation;
        return this;
    }

    World logEnds(int node, long index, long generation) {
        members.get(node).lastIndex = index;
        members.get(node).lastGeneration = generation;
        return this;
    }

    World recovering(int node) {
        members.get(node).appliedIndex = 3;
        members.get(node).highWatermark = 0;
        return this;
    }

    World failed(int node, String why) {
        members.get(node).role = ReplicaRole.REPLICA_ROLE_FAILED;
        members.get(node).failure = why;
        return event(node, 60_000, EventKind.EVENT_KIND_REPLICA_FAILED, GROUP, 0, why);
    }

    World quarantined(int node, String damage) {
        members.get(node).role = ReplicaRole.REPLICA_ROLE_QUARANTINED;
        members.get(node).failure = damage;
        return event(node, 60_000, EventKind.EVENT_KIND_REPLICA_QUARANTINED, GROUP, 0, damage);
    }

    /** Its disk is empty; node 1 has not heard yet, if there are others, that it asks to be readmitted. */
    World lostDisk(int node) {
        members.get(node).lost = true;
        members.get(node).opened = false;
        members.get(node).knowsTopic = false;
        return this;
    }

    World notOpened(int node) {
        members.get(node).opened = false;
        return this;
    }

    World disk(int node, DiskSpace space, long freeBytes) {
        members.get(node).disk.setSpace(space).setFreeBytes(freeBytes);
        return this;
    }

    World stalled(int node, long millis) {
        members.get(node).disk.setStalled(true).setPendingMs(millis);
        return this;
    }

    /** What the leader, node 2, knows of a follower. @param laggingMillis negative: it is not behind */
    World follower(int node, long matchIndex, long laggingMillis, long silentMillis, boolean replicating) {
        FollowerProgress.Builder follower = FollowerProgress.newBuilder()
                .setNodeId(node)
                .setMatchIndex(matchIndex)
                .setLagEntries(100 - matchIndex)
                .setLagBytes((100 - matchIndex) << 20)
                .setSilentMs(silentMillis)
                .setReplicating(replicating);
        if (laggingMillis >= 0) {
            follower.setLaggingMs(laggingMillis);
        }
        members.get(2).followers.put(node, follower.build());
        return this;
    }

    World withoutTopic() {
        members.values().forEach(member -> member.knowsTopic = false);
        return this;
    }

    World withoutRegistryLeader() {
        registryIsLed = false;
        return this;
    }

    /** @param group negative: it concerns the node */
    World event(int node, long ageMillis, EventKind kind, long group, int peer, String detail) {
        Event.Builder event = Event.newBuilder()
                .setTimeMs(NOW_MILLIS - ageMillis)
                .setKind(kind)
                .setPeerId(peer)
                .setDetail(detail);
        if (group >= 0) {
            event.setGroupId(group);
        }
        members.get(node).events.addEvents(event);
        return this;
    }

    /** The first one that answers and is not cut off. */
    private int registryLeader() {
        return members.keySet().stream()
                .filter(node -> members.get(node).answers
                        && members.entrySet().stream()
                                .filter(other -> other.getValue().answers
                                        && !other.getKey().equals(node))
                                .allMatch(other -> other.getValue().hears.contains(node)
                                        || other.getValue().hears.size() <= 1))
                .findFirst()
                .orElse(0);
    }

    Evidence evidence() {
        TreeMap<Integer, DescribeClusterResponse> answers = new TreeMap<>();
        TreeMap<Integer, ListEventsResponse> told = new TreeMap<>();
        members.forEach((id, member) -> {
            if (member.answers) {
                answers.put(id, answer(id, member));
                told.put(id, member.events.setNodeId(id).build());
            }
        });
        return new Evidence(answers, told);
    }

    private DescribeClusterResponse answer(int id, Member member) {
        DescribeClusterResponse.Builder answer = DescribeClusterResponse.newBuilder()
                .setNodeId(id)
                .setDisk(member.disk)
                .setMetadata(Group.newBuilder()
                        .setRole(member.lost ? ReplicaRole.REPLICA_ROLE_FAILED : ReplicaRole.REPLICA_ROLE_FOLLOWER)
                        .setGeneration(2)
                        .setLeaderId(registryIsLed ? registryLeader() : 0));
        for (int node = 1; node <= 3; node++) {
            boolean lost = members.get(node).lost && id != node && (id != 1 || !members.get(2).answers);
            answer.addNodes(Node.newBuilder()
                    .setNodeId(node)
                    .setStanding(lost ? NodeStanding.NODE_STANDING_LOST : NodeStanding.NODE_STANDING_ACTIVE)
                    .setClientAddress("n" + node + ":7400")
                    .setState(member.hears.contains(node) ? NodeState.NODE_STATE_UP : NodeState.NODE_STATE_DOWN)
                    .setLastContactMs(member.hears.contains(node) ? 10 : 12_000));
        }
        if (!member.knowsTopic) {
            return answer.build();
        }
        answer.addTopics(Topic.newBuilder()
                .setName("demo")
                .setReplicationFactor(3)
                .addPartitions(Partition.newBuilder()
                        .setGroupId(GROUP)
                        .addReplicas(1)
                        .addReplicas(2)
                        .addReplicas(3)
                        .setLeaderId(member.leader)
                        .setGeneration(member.generation)));
        if (member.opened) {
            Group.Builder group = Group.newBuilder()
                    .setGroupId(GROUP)
                    .setTopic("demo")
                    .setRole(member.role)
                    .setGeneration(member.generation)
                    .setLeaderId(member.leader)
                    .setCommitIndex(member.lastIndex)
                    .setLastIndex(member.lastIndex)
                    .setLastGeneration(member.lastGeneration)
                    .setAppliedIndex(member.appliedIndex)
                    .setHighWatermark(member.highWatermark)
                    .setFailure(member.failure);
            if (member.role == ReplicaRole.REPLICA_ROLE_LEADER) {
                group.addAllFollowers(member.followers.values());
            }
            answer.addLocalGroups(group);
        }
        return answer.build();
    }
}
