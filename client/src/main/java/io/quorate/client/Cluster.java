/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.Node;
import io.quorate.v1.Partition;
import io.quorate.v1.Topic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What the client knows of the cluster: its nodes, and who leads what. Loop only.
 *
 * <p>Answers of several nodes are merged. Of two that disagree about a leader the one of the newer generation is right,
 * whichever came last; so a node that has missed an election cannot undo what is known already.
 */
final class Cluster {
    /**
     * @param groupId  of the partition's Raft group; 0 if not known. A topic that was deleted and made again has new ones.
     * @param leaderId 0 if nobody is known to lead in this generation
     */
    record Leadership(long groupId, int leaderId, long generation) {
        static final Leadership UNKNOWN = new Leadership(0, 0, 0);
    }

    /**
     * A node to be asked about a partition, as its leader or as one of its replicas.
     *
     * @param groupId    of the partition; 0 if not known
     * @param generation of the leadership; 0 if it is asked as any replica
     */
    record Target(NodeConnection node, long groupId, long generation) {}

    /** Which nodes hold the replicas of the partition's group. */
    record Placement(long groupId, List<Integer> nodeIds) {}

    private record PartitionKey(String topic, int partition) {}

    /** More nodes than this are never asked at the same time. */
    private static final int MAX_CANDIDATES = 16;

    private final ClientLoop loop;
    private final ClientConfig config;
    private final Map<String, NodeConnection> connections = new LinkedHashMap<>();
    private final Map<Integer, String> addresses = new TreeMap<>();
    /** Bootstrap addresses that turned out to be another name of a node. */
    private final Map<String, Integer> aliases = new HashMap<>();

    private final Map<PartitionKey, Leadership> leaders = new HashMap<>();
    private final Map<PartitionKey, Placement> placements = new HashMap<>();
    private final Map<String, TopicLookup> lookups = new HashMap<>();
    private Leadership metadataLeader = Leadership.UNKNOWN;
    private int maxBatchBytes;
    private boolean described;
    private boolean closed;

    Cluster(ClientLoop loop, ClientConfig config) {
        this.loop = loop;
        this.config = config;
        for (String address : config.bootstrap()) {
            connection(address);
        }
    }

    ClientLoop loop() {
        return loop;
    }

    ClientConfig config() {
        return config;
    }

    Backoff newBackoff() {
        return new Backoff(config.initialBackoff(), config.maxBackoff());
    }

    /** The nodes by the address that they gave, and bootstrap addresses of which nothing is known; in random order. */
    List<NodeConnection> candidates() {
        List<NodeConnection> candidates = new ArrayList<>();
        for (Map.Entry<String, NodeConnection> entry : connections.entrySet()) {
            if (!isOtherNameOfHealthyNode(entry.getKey())) {
                candidates.add(entry.getValue());
            }
        }
        Collections.shuffle(candidates, ThreadLocalRandom.current());
        return candidates.size() > MAX_CANDIDATES ? candidates.subList(0, MAX_CANDIDATES) : candidates;
    }

    /** A node that cannot be reached under the address that it gave may still be under the one that the client was given. */
    private boolean isOtherNameOfHealthyNode(String address) {
        Integer nodeId = aliases.get(address);
        String ownAddress = nodeId == null ? null : addresses.get(nodeId);
        return ownAddress != null
                && !ownAddress.equals(address)
                && !connection(ownAddress).hasFailed();
    }

    /** Whether any node has told who the others are. */
    boolean isDescribed() {
        return described;
    }

    /** Largest batch that the cluster takes; 0 if not known yet. */
    int maxBatchBytes() {
        return maxBatchBytes;
    }

    /** The leader of a partition, if one is known and it is not left alone because of a failure. */
    Optional<Target> leader(String topic, int partition) {
        Leadership leadership = leaders.get(new PartitionKey(topic, partition));
        return leadership == null ? Optional.empty() : callable(leadership);
    }

    Optional<Target> metadataLeader() {
        return callable(metadataLeader);
    }

    private Optional<Target> callable(Leadership leadership) {
        String address = addresses.get(leadership.leaderId());
        if (leadership.leaderId() == 0 || address == null) {
            return Optional.empty();
        }
        NodeConnection node = connection(address);
        return node.isAvailable()
                ? Optional.of(new Target(node, leadership.groupId(), leadership.generation()))
                : Optional.empty();
    }

    /** Where the partition's replicas are, as the node said that described the topic last; empty if none has. */
    Optional<Placement> placement(String topic, int partition) {
        return Optional.ofNullable(placements.get(new PartitionKey(topic, partition)));
    }

    /** A node by its id, if its address is known. */
    Optional<NodeConnection> node(int nodeId) {
        return Optional.ofNullable(addresses.get(nodeId)).map(this::connection);
    }

    /** The partition's group in the latest incarnation of the topic that any node has told of; 0 if none has. */
    long groupId(String topic, int partition) {
        return leaders.getOrDefault(new PartitionKey(topic, partition), Leadership.UNKNOWN)
                .groupId();
    }

    /** Whether a leader is named whose address nobody has told. */
    boolean lacksAddressOfLeader(String topic, int partition) {
        Leadership leadership = leaders.get(new PartitionKey(topic, partition));
        return leadership != null && leadership.leaderId() != 0 && !addresses.containsKey(leadership.leaderId());
    }

    /** The search for leaders of this topic, shared by everyone who looks for one. */
    TopicLookup lookup(String topic) {
        return lookups.computeIfAbsent(topic, name -> new TopicLookup(this, name));
    }

    void merge(DescribeClusterResponse answer, NodeConnection from) {
        for (Node node : answer.getNodesList()) {
            if (!node.getClientAddress().isEmpty()) {
                learnAddress(node.getNodeId(), node.getClientAddress());
            }
        }
        aliases.put(from.address(), answer.getNodeId());
        described = true;
        if (answer.getMaxBatchBytes() > 0) {
            maxBatchBytes = answer.getMaxBatchBytes();
        }
        if (answer.hasMetadata()) {
            metadataLeader = newer(
                    metadataLeader,
                    new Leadership(
                            0,
                            answer.getMetadata().getLeaderId(),
                            answer.getMetadata().getGeneration()));
        }
        for (Topic topic : answer.getTopicsList()) {
            merge(topic);
        }
    }

    void merge(Topic topic) {
        for (Partition partition : topic.getPartitionsList()) {
            PartitionKey key = new PartitionKey(topic.getName(), partition.getPartition());
            Leadership heard =
                    new Leadership(partition.getGroupId(), partition.getLeaderId(), partition.getGeneration());
            leaders.merge(key, heard, Cluster::newer);
            // Ids are given in ascending order: the higher one is the topic's latest incarnation.
            placements.merge(
                    key,
                    new Placement(partition.getGroupId(), List.copyOf(partition.getReplicasList())),
                    (known, told) -> told.groupId() >= known.groupId() ? told : known);
        }
    }

    private static Leadership newer(Leadership known, Leadership heard) {
        if (heard.groupId() != known.groupId()) {
            // Ids are given in ascending order: the higher one is the topic's latest incarnation.
            return heard.groupId() > known.groupId() ? heard : known;
        }
        boolean newer = heard.generation() > known.generation();
        boolean fills = heard.generation() == known.generation() && known.leaderId() == 0;
        return newer || fills ? heard : known;
    }

    /**
     * The node refused or broke off a request to the leader of a partition: takes in what it said about the leader, and
     * does not believe any more that it is this node in this generation, unless an answer says so again.
     */
    void leaderFailed(String topic, int partition, Target leader, Failure failure) {
        PartitionKey key = new PartitionKey(topic, partition);
        Leadership known = leaders.getOrDefault(key, Leadership.UNKNOWN);
        if (!isRecreated(key, failure) && known.groupId() == leader.groupId()) {
            leaders.put(key, afterFailure(known, leader.node(), failure));
        }
        // Otherwise another incarnation of the topic has failed, which says nothing about this one.
    }

    /** A replica refused or broke off a request; that says nothing about who leads. */
    void replicaFailed(String topic, int partition, Failure failure) {
        isRecreated(new PartitionKey(topic, partition), failure);
    }

    /** Takes in that there is a newer incarnation of the topic, if that is what the failure tells. */
    private boolean isRecreated(PartitionKey key, Failure failure) {
        long newerGroup =
                failure.is("TOPIC_RECREATED") ? failure.number("group_id").orElse(0) : 0;
        if (newerGroup <= leaders.getOrDefault(key, Leadership.UNKNOWN).groupId()) {
            return false;
        }
        leaders.put(key, new Leadership(newerGroup, 0, 0));
        return true;
    }

    void metadataLeaderFailed(NodeConnection node, Failure failure) {
        metadataLeader = afterFailure(metadataLeader, node, failure);
    }

    private Leadership afterFailure(Leadership known, NodeConnection node, Failure failure) {
        boolean believed = node.address().equals(addresses.get(known.leaderId()));
        Leadership doubted = believed ? new Leadership(known.groupId(), 0, known.generation()) : known;
        long generation = failure.number("generation").orElse(0);
        int leaderId = (int) failure.number("leader_id").orElse(0);
        Optional<String> address = failure.text("leader_address");
        if (leaderId != 0 && address.isPresent()) {
            learnAddress(leaderId, address.get());
        }
        return generation > 0 ? newer(doubted, new Leadership(known.groupId(), leaderId, generation)) : doubted;
    }

    /** A topic was deleted: nobody leads it, and one of the same name has newer groups. */
    void deleted(String topic) {
        leaders.replaceAll((key, known) ->
                key.topic().equals(topic) ? new Leadership(known.groupId(), 0, known.generation()) : known);
    }

    /** The nodes agree that there is no such topic: whatever bears the name next is new. */
    void forget(String topic) {
        leaders.keySet().removeIf(key -> key.topic().equals(topic));
        placements.keySet().removeIf(key -> key.topic().equals(topic));
    }

    private void learnAddress(int nodeId, String text) {
        try {
            String address = HostAndPort.parse(text).toString();
            addresses.put(nodeId, address);
            connection(address);
        } catch (IllegalArgumentException e) {
            // A node that gives a useless address cannot be called; what the others say still counts.
            addresses.remove(nodeId);
        }
    }

    /** The connection to an address in its normal form; nothing is connected by this. */
    NodeConnection connection(String address) {
        return connections.computeIfAbsent(address, text -> {
            NodeConnection node = new NodeConnection(loop, HostAndPort.parse(text), newBackoff());
            if (closed) {
                node.close();
            }
            return node;
        });
    }

    /** 0 if unknown. */
    int nodeIdOf(NodeConnection node) {
        for (Map.Entry<Integer, String> entry : addresses.entrySet()) {
            if (entry.getValue().equals(node.address())) {
                return entry.getKey();
            }
        }
        return aliases.getOrDefault(node.address(), 0);
    }

    /** For people: every address and why it did not answer. */
    String describeNodes() {
        StringBuilder text = new StringBuilder();
        for (NodeConnection node : connections.values()) {
            text.append(text.isEmpty() ? "" : ", ").append(node.address());
            text.append(" (").append(node.lastError()).append(')');
        }
        return text.toString();
    }

    /** Ends all calls. */
    void close() {
        closed = true;
        lookups.values().forEach(TopicLookup::close);
        connections.values().forEach(NodeConnection::close);
    }
}
