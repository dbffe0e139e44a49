/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.config;

import static io.quorate.node.config.ConfigKey.derived;
import static io.quorate.node.config.ConfigKey.required;
import static io.quorate.node.config.ConfigKey.withDefault;
import static io.quorate.node.config.ValueType.bool;
import static io.quorate.node.config.ValueType.bytes;
import static io.quorate.node.config.ValueType.directory;
import static io.quorate.node.config.ValueType.hostPort;
import static io.quorate.node.config.ValueType.integer;
import static io.quorate.node.config.ValueType.name;
import static io.quorate.node.config.ValueType.nodes;

import io.quorate.logstore.LogStoreConfig;
import io.quorate.node.NodeSettings;
import io.quorate.node.events.EventRing;
import io.quorate.node.replica.MemberId;
import io.quorate.node.replica.ScrubSettings;
import io.quorate.raft.log.NodeId;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/** Every key that a node understands. {@code docs/configuration.md} shows the same table; a test compares the two. */
public final class ConfigKeys {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    static final ConfigKey<String> CLUSTER_ID =
            required("cluster.id", name(), "Name of the cluster; a data directory belongs to one cluster for ever.");
    static final ConfigKey<SortedMap<NodeId, HostPort>> CLUSTER_NODES = required(
            "cluster.nodes", nodes(9), "Every node of the cluster, this one included, and where its peers reach it.");
    static final ConfigKey<Integer> NODE_ID =
            required("node.id", integer(1, MemberId.MAX_NODE), "Which of `cluster.nodes` this node is.");
    static final ConfigKey<Boolean> JOIN = withDefault(
            "node.join",
            bool(),
            false,
            "Whether this node, when it starts on an empty directory, is new to a cluster that is there already: it waits"
                    + " for `quorate node add` instead of forming a cluster with the others.");

    static final ConfigKey<HostPort> CLIENT_LISTEN = withDefault(
            "client.listen",
            hostPort(),
            new HostPort("127.0.0.1", 7400),
            "Where this node accepts clients; `0.0.0.0:port` for every interface.");
    static final ConfigKey<HostPort> CLIENT_ADVERTISE = derived(
            "client.advertise",
            hostPort(),
            "Where clients reach this node, as told to them. Default: `client.listen`, unless that is a wildcard.");
    static final ConfigKey<HostPort> PEER_LISTEN = derived(
            "peer.listen",
            hostPort(),
            "Where this node accepts its peers. Default: its own address in `cluster.nodes`.");
    static final ConfigKey<Path> DATA_DIR =
            required("data.dir", directory(), "Where this node keeps its data; of no other node.");

    static final ConfigKey<Integer> TICK_MS =
            withDefault("raft.tick_ms", integer(1, 1_000), 20, "Length of a Raft tick in milliseconds.");
    static final ConfigKey<Integer> HEARTBEAT_TICKS =
            withDefault("raft.heartbeat_ticks", integer(1, 1_000), 3, "Ticks between a leader's heartbeats.");
    static final ConfigKey<Integer> ELECTION_TIMEOUT_TICKS = withDefault(
            "raft.election_timeout_ticks",
            integer(2, 10_000),
            20,
            "Ticks of a leader's silence before an election: drawn anew each time from this to twice this; at least"
                    + " twice `raft.heartbeat_ticks`.");
    static final ConfigKey<Integer> QUIESCE_AFTER_TICKS = withDefault(
            "raft.quiesce_after_ticks",
            integer(0, 1_000_000),
            50,
            "Ticks without any activity after which a partition rests: its replicas exchange no messages until something"
                    + " happens, and nodes watch each other instead. 0: never.");
    static final ConfigKey<Integer> LEASE_TICKS = withDefault(
            "raft.lease_ticks",
            integer(0, 9_998),
            0,
            "0: a leader asks a majority before each linearizable read, whatever clocks do. Else it reads without asking for so"
                    + " many ticks after a majority has answered, which is safe only while no node's clock runs faster than"
                    + " another's by more than (`raft.election_timeout_ticks` - 1) to this, and makes failovers slower. The same"
                    + " on all nodes; at most `raft.election_timeout_ticks` - 2.");
    static final ConfigKey<Long> MAX_APPEND_BYTES = withDefault(
            "raft.max_append_bytes",
            bytes(4 * KIB, 16 * MIB),
            MIB,
            "Soft limit of one replication message; one batch always fits.");
    static final ConfigKey<Long> RAFT_MAX_INFLIGHT_BYTES = withDefault(
            "raft.max_inflight_bytes",
            bytes(64 * KIB, GIB),
            8 * MIB,
            "Unacknowledged bytes on the way to one follower of a partition; at least `raft.max_append_bytes`.");
    static final ConfigKey<Integer> MAX_INFLIGHT_APPENDS = withDefault(
            "raft.max_inflight_appends",
            integer(1, 65_536),
            256,
            "Unacknowledged replication messages on the way to one follower of a partition.");
    static final ConfigKey<Long> MAX_UNCOMMITTED_BYTES = withDefault(
            "raft.max_uncommitted_bytes",
            bytes(64 * KIB, GIB),
            32 * MIB,
            "Appends that a partition takes before a majority has them; at least `limits.max_batch_bytes`.");
    static final ConfigKey<Long> TAIL_BYTES = withDefault(
            "raft.tail_bytes",
            bytes(0, GIB),
            16 * MIB,
            "The newest applied records of a partition that stay in memory for followers and readers, and up to as much"
                    + " again that a follower which falls behind still lacks; appends under way are there besides.");

    static final ConfigKey<Long> SEGMENT_BYTES = withDefault(
            "log.segment_bytes",
            bytes(64 * KIB, GIB),
            (long) LogStoreConfig.DEFAULT.segmentBytes(),
            "Size at which a segment file is sealed and the next one begun.");
    static final ConfigKey<Long> ZERO_AHEAD_BYTES = withDefault(
            "log.zero_ahead_bytes",
            bytes(0, 256 * MIB),
            (long) LogStoreConfig.DEFAULT.zeroAheadBytes(),
            "How far ahead of the write position a segment is filled with zeros, so that a flush writes no file"
                    + " system metadata; 0 appends to a growing file. At most `log.segment_bytes`.");
    static final ConfigKey<Boolean> DIRECT_IO = withDefault(
            "log.direct_io",
            bool(),
            LogStoreConfig.DEFAULT.directIo(),
            "Write segments past the operating system's cache where the file system can: a fraction of the processor time."
                    + " Reads go through the cache in any case.");
    static final ConfigKey<Long> INDEX_INTERVAL_BYTES = withDefault(
            "log.index_interval_bytes",
            bytes(KIB, 16 * MIB),
            (long) LogStoreConfig.DEFAULT.indexIntervalBytes(),
            "Bytes of log per entry of the sparse index; more in a segment that would have over 1,024 of them, as a full one "
                    + "of 128 MiB has, an entry every 128 KiB.");

    static final ConfigKey<Integer> RETENTION_CHECK_INTERVAL_MS = withDefault(
            "log.retention_check_interval_ms",
            integer(10, 3_600_000),
            5_000,
            "How often a node looks whether segments are to be deleted.");

    static final ConfigKey<Integer> STALL_TIMEOUT_MS = derived(
            "disk.stall_timeout_ms",
            integer(1, 3_600_000),
            "How long one write or flush may take before this node gives up what it leads, until it ends. Default: the"
                    + " longest election timeout.");

    static final ConfigKey<Long> LOW_FREE_BYTES = withDefault(
            "disk.low_free_bytes",
            bytes(0, 1_024 * GIB),
            GIB,
            "With less free space than this on the disk of `data.dir` the node warns. At least"
                    + " `disk.critical_free_bytes`.");
    static final ConfigKey<Long> CRITICAL_FREE_BYTES = withDefault(
            "disk.critical_free_bytes",
            bytes(0, 1_024 * GIB),
            256 * MIB,
            "With less free space than this appends are refused as DISK_FULL until there is more: what is left is for"
                    + " votes, the registry of topics, trims and appends under way. 0 watches nothing.");
    static final ConfigKey<Integer> DISK_CHECK_INTERVAL_MS = withDefault(
            "disk.check_interval_ms",
            integer(10, 3_600_000),
            1_000,
            "How often the free space is looked at; it is looked at earlier when much has been written.");

    static final ConfigKey<Long> MAX_BATCH_BYTES = withDefault(
            "limits.max_batch_bytes",
            bytes(KIB, 16 * MIB),
            4 * MIB,
            "Largest record batch that is taken from a client.");
    static final ConfigKey<Long> MAX_INFLIGHT_BYTES = withDefault(
            "limits.max_inflight_bytes",
            bytes(64 * KIB, 16 * GIB),
            64 * MIB,
            "Appends that the whole node has under way; more is refused as OVERLOADED. At least"
                    + " `limits.max_batch_bytes`.");

    static final ConfigKey<Long> MAX_TAIL_BYTES = withDefault(
            "limits.max_tail_bytes",
            bytes(0, 16 * GIB),
            NodeSettings.DEFAULT_MAX_TAIL_BYTES,
            "The newest applied records of all partitions together that stay in memory for followers and readers; beyond it"
                    + " partitions that are idle give up theirs first. Each has `raft.tail_bytes` at most.");

    static final ConfigKey<Long> EVENTS_MAX_BYTES = withDefault(
            "events.max_bytes",
            bytes(EventRing.MIN_BYTES, EventRing.MAX_BYTES),
            NodeSettings.DEFAULT_MAX_EVENT_BYTES,
            "Disk space of the flight recorder, which keeps what happened on this node and why (`quorate events`); the"
                    + " oldest goes first.");

    static final ConfigKey<Long> SCRUB_BYTES_PER_SECOND = withDefault(
            "scrub.bytes_per_second",
            bytes(0, 16 * GIB),
            ScrubSettings.DEFAULT.bytesPerSecond(),
            "How fast stored records are read again in the background, so that damage is found and repaired from the other"
                    + " replicas while they are whole. Comparing digests with the others counts as well. 0: never.");
    static final ConfigKey<Integer> SCRUB_INTERVAL_MS = withDefault(
            "scrub.interval_ms",
            integer(1_000, Integer.MAX_VALUE),
            (int) ScrubSettings.DEFAULT.intervalMillis(),
            "How often a node begins to read everything again, if it is through by then; the first time a minute after its"
                    + " start.");

    static final ConfigKey<HostPort> METRICS_LISTEN = derived(
            "metrics.listen",
            hostPort(),
            "Where this node serves `/metrics` for Prometheus, over plain HTTP to whoever reaches it. Default: nowhere.");

    static final ConfigKey<Boolean> FAULT_INJECTION = withDefault(
            "unsafe.fault_injection",
            bool(),
            false,
            "Lets whoever reaches the peer port cut this node off from its peers. For tests and demonstrations.");

    private static final List<ConfigKey<?>> ALL = List.of(
            CLUSTER_ID,
            CLUSTER_NODES,
            NODE_ID,
            JOIN,
            CLIENT_LISTEN,
            CLIENT_ADVERTISE,
            PEER_LISTEN,
            DATA_DIR,
            TICK_MS,
            HEARTBEAT_TICKS,
            ELECTION_TIMEOUT_TICKS,
            QUIESCE_AFTER_TICKS,
            LEASE_TICKS,
            MAX_APPEND_BYTES,
            RAFT_MAX_INFLIGHT_BYTES,
            MAX_INFLIGHT_APPENDS,
            MAX_UNCOMMITTED_BYTES,
            TAIL_BYTES,
            SEGMENT_BYTES,
            ZERO_AHEAD_BYTES,
            DIRECT_IO,
            INDEX_INTERVAL_BYTES,
            RETENTION_CHECK_INTERVAL_MS,
            STALL_TIMEOUT_MS,
            LOW_FREE_BYTES,
            CRITICAL_FREE_BYTES,
            DISK_CHECK_INTERVAL_MS,
            MAX_BATCH_BYTES,
            MAX_INFLIGHT_BYTES,
            MAX_TAIL_BYTES,
            EVENTS_MAX_BYTES,
            SCRUB_BYTES_PER_SECOND,
            SCRUB_INTERVAL_MS,
            METRICS_LISTEN,
            FAULT_INJECTION);

    private ConfigKeys() {}

    /** In the order of the documentation. */
    public static List<ConfigKey<?>> all() {
        return ALL;
    }
}
