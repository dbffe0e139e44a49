/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.NodeSettings;
import io.quorate.node.replica.DiskLimits;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.RaftConfig;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A node's configuration, checked: every value is within its range and they agree with each other.
 *
 * @param clusterId        name of the cluster
 * @param nodes            every node and where its peers reach it; contains {@code nodeId}
 * @param nodeId           this node
 * @param clientListen     where clients are accepted
 * @param clientAdvertise  where clients reach this node; never a wildcard
 * @param peerListen       where peers are accepted
 * @param dataDirectory    where data lives; as configured, relative to the working directory
 * @param tickMillis       length of a Raft tick
 * @param raft             limits of every group
 * @param logStore         limits of every log
 * @param disk             when the disk is considered unfit
 * @param housekeepingMillis between two looks at what is kept
 * @param maxBatchBytes    largest record batch taken from a client
 * @param maxInflightBytes appends the whole node may have under way
 * @param maxTailBytes     of all partitions together in memory, for followers and readers
 * @param maxEventBytes    that the flight recorder may have on the disk
 * @param scrub            how eagerly old segments are read again
 * @param metricsListen    where metrics are served; empty: nowhere
 * @param faultInjection   whether the fault service is offered on the client port
 * @param joins            an empty disk means that this node is new to a cluster that is there already
 */
public record NodeConfig(
        String clusterId,
        SortedMap<NodeId, HostPort> nodes,
        NodeId nodeId,
        HostPort clientListen,
        HostPort clientAdvertise,
        HostPort peerListen,
        Path dataDirectory,
        int tickMillis,
        RaftConfig raft,
        LogStoreConfig logStore,
        DiskLimits disk,
        int housekeepingMillis,
        int maxBatchBytes,
        long maxInflightBytes,
        long maxTailBytes,
        long maxEventBytes,
        ScrubSettings scrub,
        Optional<HostPort> metricsListen,
        boolean faultInjection,
        boolean joins) {

    /**
     * Derives what was left open and checks what concerns several keys.
     *
     * @throws ConfigException listing everything that is missing or does not fit together
     */
    static NodeConfig of(EffectiveConfig config) {
        List<String> problems = missing(config);
        if (problems.isEmpty()) {
            checkAgreement(config, problems);
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        NodeId self = new NodeId(config.get(ConfigKeys.NODE_ID));
        SortedMap<NodeId, HostPort> nodes = config.get(ConfigKeys.CLUSTER_NODES);
        HostPort clientListen = config.get(ConfigKeys.CLIENT_LISTEN);
        return new NodeConfig(
                config.get(ConfigKeys.CLUSTER_ID),
                nodes,
                self,
                clientListen,
                config.find(ConfigKeys.CLIENT_ADVERTISE).orElse(clientListen),
                config.find(ConfigKeys.PEER_LISTEN).orElse(nodes.get(self)),
                config.get(ConfigKeys.DATA_DIR),
                config.get(ConfigKeys.TICK_MS),
                raft(config),
                logStore(config),
                disk(config),
                config.get(ConfigKeys.RETENTION_CHECK_INTERVAL_MS),
                Math.toIntExact(config.get(ConfigKeys.MAX_BATCH_BYTES)),
                config.get(ConfigKeys.MAX_INFLIGHT_BYTES),
                config.get(ConfigKeys.MAX_TAIL_BYTES),
                config.get(ConfigKeys.EVENTS_MAX_BYTES),
                new ScrubSettings(
                        config.get(ConfigKeys.SCRUB_BYTES_PER_SECOND), config.get(ConfigKeys.SCRUB_INTERVAL_MS)),
                config.find(ConfigKeys.METRICS_LISTEN),
                config.get(ConfigKeys.FAULT_INJECTION),
                config.get(ConfigKeys.JOIN));
    }

    /** What the runtime needs of it. */
    public NodeSettings toSettings() {
        SortedMap<NodeId, String> peerAddresses = new TreeMap<>();
        nodes.forEach((node, address) -> peerAddresses.put(node, address.toString()));
        return new NodeSettings(
                clusterId,
                nodeId,
                peerAddresses,
                clientAdvertise.toString(),
                tickMillis,
                raft,
                logStore,
                disk,
                housekeepingMillis,
                maxBatchBytes,
                maxInflightBytes,
                maxTailBytes,
                maxEventBytes,
                scrub,
                joins);
    }

    private static List<String> missing(EffectiveConfig config) {
        List<String> problems = new ArrayList<>();
        for (ConfigKey<?> key : ConfigKeys.all()) {
            if (key.required() && config.find(key).isEmpty()) {
                problems.add(key.name() + " is not set: " + key.description() + " Set it in the file, as "
                        + key.environmentVariable() + " or with --set " + key.name() + "=…");
            }
        }
        return problems;
    }

    private static void checkAgreement(EffectiveConfig config, List<String> problems) {
        SortedMap<NodeId, HostPort> nodes = config.get(ConfigKeys.CLUSTER_NODES);
        NodeId self = new NodeId(config.get(ConfigKeys.NODE_ID));
        if (!nodes.containsKey(self)) {
            problems.add(config.describe(ConfigKeys.NODE_ID) + ": no such node in "
                    + config.describe(ConfigKeys.CLUSTER_NODES));
        }
        HostPort clientListen = config.get(ConfigKeys.CLIENT_LISTEN);
        Optional<HostPort> advertise = config.find(ConfigKeys.CLIENT_ADVERTISE);
        if (advertise.isEmpty() && clientListen.isWildcard()) {
            problems.add(config.describe(ConfigKeys.CLIENT_LISTEN) + ": clients cannot connect to a wildcard; set "
                    + ConfigKeys.CLIENT_ADVERTISE.name() + " to where they reach this node");
        } else if (advertise.isPresent() && advertise.get().isWildcard()) {
            problems.add(config.describe(ConfigKeys.CLIENT_ADVERTISE) + ": clients cannot connect to a wildcard");
        }
        int heartbeat = config.get(ConfigKeys.HEARTBEAT_TICKS);
        if (config.get(ConfigKeys.ELECTION_TIMEOUT_TICKS) < 2 * heartbeat) {
            problems.add(config.describe(ConfigKeys.ELECTION_TIMEOUT_TICKS) + ": must be at least twice "
                    + config.describe(ConfigKeys.HEARTBEAT_TICKS));
        }
        if (config.get(ConfigKeys.LEASE_TICKS) > config.get(ConfigKeys.ELECTION_TIMEOUT_TICKS) - 2
                && config.get(ConfigKeys.LEASE_TICKS) > 0) {
            problems.add(config.describe(ConfigKeys.LEASE_TICKS) + ": must be less than "
                    + config.describe(ConfigKeys.ELECTION_TIMEOUT_TICKS) + " by at least 2");
        }
        requireAtLeast(config, ConfigKeys.RAFT_MAX_INFLIGHT_BYTES, ConfigKeys.MAX_APPEND_BYTES, problems);
        requireAtLeast(config, ConfigKeys.MAX_UNCOMMITTED_BYTES, ConfigKeys.MAX_BATCH_BYTES, problems);
        requireAtLeast(config, ConfigKeys.MAX_INFLIGHT_BYTES, ConfigKeys.MAX_BATCH_BYTES, problems);
        requireAtLeast(config, ConfigKeys.LOW_FREE_BYTES, ConfigKeys.CRITICAL_FREE_BYTES, problems);
        requireAtLeast(config, ConfigKeys.SEGMENT_BYTES, ConfigKeys.ZERO_AHEAD_BYTES, problems);
    }

    private static void requireAtLeast(
            EffectiveConfig config, ConfigKey<Long> larger, ConfigKey<Long> smaller, List<String> problems) {
        if (config.get(larger) < config.get(smaller)) {
            problems.add(config.describe(larger) + ": must be at least " + config.describe(smaller));
        }
    }

    private static RaftConfig raft(EffectiveConfig config) {
        return new RaftConfig(
                        config.get(ConfigKeys.ELECTION_TIMEOUT_TICKS),
                        config.get(ConfigKeys.HEARTBEAT_TICKS),
                        Math.toIntExact(config.get(ConfigKeys.MAX_APPEND_BYTES)),
                        Math.toIntExact(config.get(ConfigKeys.RAFT_MAX_INFLIGHT_BYTES)),
                        config.get(ConfigKeys.MAX_INFLIGHT_APPENDS),
                        Math.toIntExact(config.get(ConfigKeys.MAX_UNCOMMITTED_BYTES)),
                        Math.toIntExact(config.get(ConfigKeys.TAIL_BYTES)))
                .quiescingAfter(config.get(ConfigKeys.QUIESCE_AFTER_TICKS))
                .withLeases(config.get(ConfigKeys.LEASE_TICKS));
    }

    private static LogStoreConfig logStore(EffectiveConfig config) {
        return new LogStoreConfig(
                Math.toIntExact(config.get(ConfigKeys.SEGMENT_BYTES)),
                Math.toIntExact(config.get(ConfigKeys.ZERO_AHEAD_BYTES)),
                Math.toIntExact(config.get(ConfigKeys.INDEX_INTERVAL_BYTES)),
                config.get(ConfigKeys.DIRECT_IO));
    }

    private static DiskLimits disk(EffectiveConfig config) {
        int tickMillis = config.get(ConfigKeys.TICK_MS);
        int longestElectionTimeout = 2 * config.get(ConfigKeys.ELECTION_TIMEOUT_TICKS);
        return new DiskLimits(
                config.find(ConfigKeys.STALL_TIMEOUT_MS)
                        .map(millis -> Math.max(1, millis / tickMillis))
                        .orElse(longestElectionTimeout),
                config.get(ConfigKeys.LOW_FREE_BYTES),
                config.get(ConfigKeys.CRITICAL_FREE_BYTES),
                config.get(ConfigKeys.DISK_CHECK_INTERVAL_MS));
    }
}
