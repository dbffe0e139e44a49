/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Disk;
import io.quorate.v1.Group;
import io.quorate.v1.Node;
import io.quorate.v1.NodeStanding;
import io.quorate.v1.NodeState;
import io.quorate.v1.Partition;
import io.quorate.v1.ReplicaRole;
import io.quorate.v1.Scrub;
import io.quorate.v1.Topic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A cluster as all nodes that answered see it together. Where they differ, the higher generation is right.
 *
 * @param nodes      by id
 * @param metadata   the group that keeps the registry of topics
 * @param partitions by topic and number
 */
public record ClusterSnapshot(
        String clusterId, String version, List<NodeView> nodes, GroupView metadata, List<GroupView> partitions) {

    /** How a node looks from here and from its peers. */
    public enum State {
        UP,
        /** Neither answers here nor to its peers. */
        DOWN,
        /** Answers here, but not to any of its peers. */
        CUT_OFF,
        /** Its peers hear from it, but it does not answer here. */
        SILENT;

        /** Whether its replicas can take part in a quorum. */
        boolean isHeard() {
            return this == UP || this == SILENT;
        }
    }

    /**
     * @param clientAddress empty if nobody knows it
     * @param lastContactMillis since any node that answered heard of it; empty: never
     * @param leads number of partitions
     * @param disk  as the node itself tells; empty if it did not answer
     * @param scrub how it reads again what it has stored, as the node itself tells; empty if it did not answer
     * @param standing what it is in the cluster, if no ordinary member: added, leaving or lost; else empty
     */
    public record NodeView(
            int id,
            String clientAddress,
            String peerAddress,
            State state,
            OptionalLong lastContactMillis,
            int leads,
            Optional<DiskView> disk,
            Optional<Scrub> scrub,
            String standing) {}

    /**
     * @param pendingMillis how long the write or flush under way has taken; 0 if none is
     * @param stalled       too long: the node leads nothing until it ends
     * @param freeBytes     empty: not known yet
     */
    public record DiskView(long pendingMillis, boolean stalled, SpaceLevel space, OptionalLong freeBytes) {}

    public enum SpaceLevel {
        PLENTY,
        LOW,
        /** The node takes no appends. */
        FULL
    }

    /**
     * @param topic         empty for the metadata group
     * @param leaderId      0 if nobody leads it, or its leader cannot be heard
     * @param replicas      ids of the nodes that hold it
     * @param live          those of them that can take part in a quorum
     * @param failures      why replicas have failed, by node
     * @param quarantined   where logs are damaged, and how their repair goes, by node
     * @param highWatermark first offset that is not yet committed; empty if no replica answered
     * @param moving        where replicas are on the move, for people; empty if none is
     */
    public record GroupView(
            String topic,
            int partition,
            int leaderId,
            long generation,
            List<Integer> replicas,
            List<Integer> live,
            Map<Integer, String> failures,
            Map<Integer, String> quarantined,
            OptionalLong highWatermark,
            String moving) {
        public boolean hasLeader() {
            return leaderId != 0;
        }

        public boolean hasQuorum() {
            return live.size() > replicas.size() / 2;
        }

        public boolean isUnderReplicated() {
            return live.size() < replicas.size();
        }

        /** For example "demo/0". */
        public String name() {
            return topic.isEmpty() ? "metadata" : topic + "/" + partition;
        }
    }

    public Optional<NodeView> node(int id) {
        return nodes.stream().filter(node -> node.id() == id).findFirst();
    }

    public Optional<GroupView> partition(String topic, int partition) {
        return partitions.stream()
                .filter(group -> group.topic().equals(topic) && group.partition() == partition)
                .findFirst();
    }

    /** @param answers at least one, of different nodes */
    public static ClusterSnapshot of(Collection<DescribeClusterResponse> answers) {
        return new Merge(answers).snapshot();
    }

    private static DiskView disk(Disk disk) {
        return new DiskView(
                disk.getPendingMs(),
                disk.getStalled(),
                switch (disk.getSpace()) {
                    case DISK_SPACE_LOW -> SpaceLevel.LOW;
                    case DISK_SPACE_FULL -> SpaceLevel.FULL;
                    default -> SpaceLevel.PLENTY;
                },
                disk.hasFreeBytes() ? OptionalLong.of(disk.getFreeBytes()) : OptionalLong.empty());
    }

    /** What one node says of a group's leadership. */
    private record Claim(long generation, int leaderId) {
        boolean beats(Claim other) {
            return generation > other.generation
                    || generation == other.generation && leaderId != 0 && other.leaderId == 0;
        }
    }

    private static final class Merge {
        private static final Claim NO_CLAIM = new Claim(0, 0);

        private final List<DescribeClusterResponse> answers;
        private final Map<Integer, State> states = new TreeMap<>();
        private final Set<Integer> lost = new TreeSet<>();

        Merge(Collection<DescribeClusterResponse> answers) {
            // Who takes no part in the metadata group knows least.
            this.answers = answers.stream()
                    .sorted(Comparator.comparing(
                            answer -> answer.getMetadata().getRole() == ReplicaRole.REPLICA_ROLE_FAILED))
                    .toList();
            for (Node node : this.answers.get(0).getNodesList()) {
                states.put(node.getNodeId(), stateOf(node.getNodeId()));
            }
            for (DescribeClusterResponse answer : this.answers) {
                // Not every node need have heard yet that one asks to be readmitted.
                answer.getNodesList().stream()
                        .filter(node -> node.getStanding() == NodeStanding.NODE_STANDING_LOST)
                        .filter(node -> node.getState() == NodeState.NODE_STATE_UP)
                        .forEach(node -> lost.add(node.getNodeId()));
            }
        }

        ClusterSnapshot snapshot() {
            DescribeClusterResponse first = answers.get(0);
            List<Integer> voters = first.getNodesList().stream()
                    .filter(node -> node.getStanding() != NodeStanding.NODE_STANDING_ADDED)
                    .map(Node::getNodeId)
                    .toList();
            Partition nowhere = Partition.getDefaultInstance();
            GroupView metadata = group("", nowhere, first.getMetadata().getGroupId(), voters, metadataClaim());
            List<GroupView> partitions = partitions();
            return new ClusterSnapshot(
                    first.getClusterId(), first.getVersion(), nodes(partitions), metadata, partitions);
        }

        private State stateOf(int id) {
            boolean answered = false;
            boolean hasWitness = false;
            boolean heardByPeer = false;
            for (DescribeClusterResponse answer : answers) {
                if (answer.getNodeId() == id) {
                    answered = true;
                } else {
                    hasWitness = true;
                    heardByPeer |= answer.getNodesList().stream()
                            .anyMatch(node -> node.getNodeId() == id && node.getState() == NodeState.NODE_STATE_UP);
                }
            }
            if (answered) {
                return heardByPeer || !hasWitness ? State.UP : State.CUT_OFF;
            }
            return heardByPeer ? State.SILENT : State.DOWN;
        }

        private List<NodeView> nodes(List<GroupView> partitions) {
            List<NodeView> nodes = new ArrayList<>();
            for (Node node : answers.get(0).getNodesList()) {
                int id = node.getNodeId();
                int leads = (int) partitions.stream()
                        .filter(partition -> partition.leaderId() == id)
                        .count();
                nodes.add(new NodeView(
                        id,
                        clientAddress(id),
                        node.getPeerAddress(),
                        states.get(id),
                        lastContact(id),
                        leads,
                        disk(id),
                        scrub(id),
                        standing(node)));
            }
            return nodes;
        }

        private String standing(Node node) {
            if (lost.contains(node.getNodeId())) {
                return "lost";
            }
            return switch (node.getStanding()) {
                case NODE_STANDING_ADDED -> "added";
                case NODE_STANDING_LEAVING -> "leaving";
                case NODE_STANDING_REMOVED -> "removed";
                case NODE_STANDING_LOST -> "lost";
                default -> "";
            };
        }

        private String clientAddress(int id) {
            return answers.stream()
                    .flatMap(answer -> answer.getNodesList().stream())
                    .filter(node ->
                            node.getNodeId() == id && !node.getClientAddress().isEmpty())
                    .map(Node::getClientAddress)
                    .findFirst()
                    .orElse("");
        }

        private OptionalLong lastContact(int id) {
            return answers.stream()
                    .filter(answer -> answer.getNodeId() != id || answers.size() == 1)
                    .flatMap(answer -> answer.getNodesList().stream())
                    .filter(node -> node.getNodeId() == id && node.hasLastContactMs())
                    .mapToLong(Node::getLastContactMs)
                    .min();
        }

        private Optional<DiskView> disk(int id) {
            return answers.stream()
                    .filter(answer -> answer.getNodeId() == id && answer.hasDisk())
                    .map(DescribeClusterResponse::getDisk)
                    .map(ClusterSnapshot::disk)
                    .findFirst();
        }

        private Optional<Scrub> scrub(int id) {
            return answers.stream()
                    .filter(answer -> answer.getNodeId() == id && answer.hasScrub())
                    .map(DescribeClusterResponse::getScrub)
                    .findFirst();
        }

        private Claim metadataClaim() {
            Claim best = NO_CLAIM;
            for (DescribeClusterResponse answer : answers) {
                Claim claim = new Claim(
                        answer.getMetadata().getGeneration(),
                        answer.getMetadata().getLeaderId());
                best = claim.beats(best) ? claim : best;
            }
            return best;
        }

        /** The union of what the nodes know: a node that was away may not yet know the newest topic. */
        private List<GroupView> partitions() {
            Map<String, Map<Integer, Partition>> known = new TreeMap<>();
            Map<Long, Claim> claims = new TreeMap<>();
            for (DescribeClusterResponse answer : answers) {
                for (Topic topic : answer.getTopicsList()) {
                    Map<Integer, Partition> ofTopic = known.computeIfAbsent(topic.getName(), name -> new TreeMap<>());
                    for (Partition partition : topic.getPartitionsList()) {
                        ofTopic.putIfAbsent(partition.getPartition(), partition);
                        Claim claim = new Claim(partition.getGeneration(), partition.getLeaderId());
                        claims.merge(partition.getGroupId(), claim, (a, b) -> b.beats(a) ? b : a);
                    }
                }
            }
            List<GroupView> partitions = new ArrayList<>();
            known.forEach((topic, ofTopic) -> ofTopic.forEach((number, partition) -> partitions.add(group(
                    topic,
                    partition,
                    partition.getGroupId(),
                    partition.getReplicasList(),
                    claims.get(partition.getGroupId())))));
            return partitions;
        }

        private GroupView group(String topic, Partition partition, long groupId, List<Integer> replicas, Claim claim) {
            Map<Integer, String> failures = new TreeMap<>();
            Map<Integer, String> quarantined = new TreeMap<>();
            OptionalLong leaderMark = OptionalLong.empty();
            OptionalLong highestMark = OptionalLong.empty();
            for (DescribeClusterResponse answer : answers) {
                Optional<Group> local = localGroup(answer, groupId);
                if (local.isEmpty()) {
                    continue;
                }
                long mark = local.get().getHighWatermark();
                if (local.get().getRole() == ReplicaRole.REPLICA_ROLE_FAILED) {
                    failures.put(answer.getNodeId(), local.get().getFailure());
                } else if (local.get().getRole() == ReplicaRole.REPLICA_ROLE_QUARANTINED) {
                    quarantined.put(answer.getNodeId(), local.get().getFailure());
                } else if (answer.getNodeId() == claim.leaderId()) {
                    leaderMark = OptionalLong.of(mark);
                } else {
                    highestMark = OptionalLong.of(Math.max(mark, highestMark.orElse(0)));
                }
            }
            List<Integer> live = replicas.stream()
                    .filter(node -> states.getOrDefault(node, State.DOWN).isHeard()
                            && !lost.contains(node)
                            && !failures.containsKey(node)
                            && !quarantined.containsKey(node))
                    .toList();
            boolean heard = live.contains(claim.leaderId())
                    || partition.getLeavingList().contains(claim.leaderId())
                            && states.getOrDefault(claim.leaderId(), State.DOWN).isHeard();
            return new GroupView(
                    topic,
                    partition.getPartition(),
                    heard ? claim.leaderId() : 0,
                    claim.generation(),
                    List.copyOf(replicas),
                    live,
                    failures,
                    quarantined,
                    leaderMark.isPresent() ? leaderMark : highestMark,
                    moving(partition));
        }

        private static String moving(Partition partition) {
            return partition.getLeavingCount() + partition.getJoiningCount() == 0
                    ? ""
                    : "moves from " + partition.getLeavingList() + " to " + partition.getJoiningList();
        }

        private static Optional<Group> localGroup(DescribeClusterResponse answer, long groupId) {
            if (answer.getMetadata().getGroupId() == groupId) {
                return Optional.of(answer.getMetadata());
            }
            return answer.getLocalGroupsList().stream()
                    .filter(group -> group.getGroupId() == groupId)
                    .findFirst();
        }
    }
}
