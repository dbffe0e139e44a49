/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metrics;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.quorate.logstore.Damage;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.raft.FollowerCause;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.VoteRefusal;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.TreeSet;

/**
 * The counters and histograms of one node, fed by what an observer of its replicas is told: per batch, per flush and per
 * event, never per record. No label has more values than there are reasons or nodes. Told on the event loop; {@link #scrape}
 * may be called from any thread.
 */
public final class NodeMetrics implements ReplicaObserver {
    private static final double NANOS_PER_SECOND = 1e9;

    /** In seconds: from a flush of a fast disk to an election. */
    private static final double[] LATENCIES = {
        0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ViewMetrics gauges;

    private final CounterDataPoint appended;
    private final CounterDataPoint duplicates;
    private final Counter appendedRecords;
    private final Counter appendedBytes;
    private final Histogram appendSeconds;
    private final EnumMap<Reason, CounterDataPoint> refusals = new EnumMap<>(Reason.class);
    private final Counter readBatches;
    private final Counter readBytes;
    private final Counter appliedRecords;
    private final Histogram flushSeconds;
    private final Counter flushedBytes;
    private final Counter flushedGroups;
    private final Counter elections;
    private final Counter leaderships;
    private final Counter lostLeaderships;
    private final TreeSet<Long> led = new TreeSet<>();
    private final Counter refusedVotes;
    private final Counter truncations;
    private final Counter takenSnapshots;
    private final Counter installedSnapshots;
    private final Counter droppedMessages;
    private final Counter diskStalls;
    private final Counter failedReplicas;
    private final Counter quarantinedReplicas;
    private final Counter repairedReplicas;
    private final Counter scrubbedBytes;
    private final Counter scrubPasses;

    /** @param version of the server, as a label of {@code quorate_node_info} */
    public NodeMetrics(String version) {
        gauges = new ViewMetrics(version);
        Counter appends = Counter.builder()
                .name("quorate_append_batches_total")
                .help("Batches acknowledged by this node as a leader; a duplicate was in the log already.")
                .labelNames("result")
                .withoutExemplars()
                .register(registry);
        appended = appends.labelValues("appended");
        duplicates = appends.labelValues("duplicate");
        appendedRecords =
                counter("quorate_append_records_total", "Records in acknowledged batches, without duplicates.");
        appendedBytes = counter("quorate_append_bytes_total", "Size of acknowledged batches, without duplicates.");
        appendSeconds =
                histogram("quorate_append_seconds", "From an append's arrival at the leader to its acknowledgement.");
        Counter refused = Counter.builder()
                .name("quorate_refusals_total")
                .help("Refused requests of clients, by the reason that they were given.")
                .labelNames("reason")
                .withoutExemplars()
                .register(registry);
        for (Reason reason : Reason.values()) {
            refusals.put(reason, refused.labelValues(reason.name()));
        }
        readBatches = counter("quorate_read_batches_total", "Batches handed to readers.");
        readBytes = counter("quorate_read_bytes_total", "Size of batches handed to readers.");
        appliedRecords = counter(
                "quorate_applied_records_total",
                "Committed records that this node's replicas have applied, leaders or not.");
        flushSeconds = histogram("quorate_flush_seconds", "Flush rounds: from the first write to the last force.");
        flushedBytes = counter("quorate_flush_bytes_total", "Size of the entries in flush rounds.");
        flushedGroups = counter("quorate_flush_groups_total", "Logs written in flush rounds.");
        elections = counter("quorate_elections_total", "Elections for which replicas of this node have stood.");
        leaderships = counter("quorate_leaderships_total", "Elections that replicas of this node have won.");
        lostLeaderships = counterBy(
                "quorate_leaderships_lost_total",
                "Times that replicas of this node ceased to lead, by why.",
                "cause",
                FollowerCause.values());
        refusedVotes = counterBy(
                "quorate_refused_votes_total",
                "Votes and pre-votes that replicas of this node have refused, by why.",
                "cause",
                VoteRefusal.values());
        truncations = counter(
                "quorate_log_truncations_total", "Times that uncommitted entries of a former leader were dropped.");
        takenSnapshots = counter(
                "quorate_snapshots_taken_total",
                "Snapshots that replicas of this node have taken where a segment ended.");
        installedSnapshots = counter(
                "quorate_snapshots_installed_total",
                "Times that a replica of this node lacked what its leader had trimmed, and went on from a snapshot.");
        droppedMessages = counter(
                "quorate_dropped_messages_total", "Messages of peers that no correct peer sends, or from strangers.");
        diskStalls =
                counter("quorate_disk_stalls_total", "Times that the disk has not answered within its time limit.");
        quarantinedReplicas = counter(
                "quorate_replica_quarantines_total",
                "Times that damage was found in the log of a replica of this node.");
        repairedReplicas = counter(
                "quorate_replica_repairs_total",
                "Times that the log of a replica of this node was repaired from its peers.");
        scrubbedBytes =
                counter("quorate_scrubbed_bytes_total", "Stored bytes that were read again to look for damage.");
        scrubPasses = counter("quorate_scrub_passes_total", "Times that all logs of this node were read again.");
        failedReplicas =
                counter("quorate_replica_failures_total", "Replicas that were given up, for faults of the disk.");
    }

    private Counter counter(String name, String help) {
        return Counter.builder().name(name).help(help).withoutExemplars().register(registry);
    }

    /** All values of the label are there from the beginning. */
    private Counter counterBy(String name, String help, String label, Enum<?>... values) {
        Counter counter = Counter.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .withoutExemplars()
                .register(registry);
        for (Enum<?> value : values) {
            counter.labelValues(value.name());
        }
        return counter;
    }

    private Histogram histogram(String name, String help) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(LATENCIES)
                .withoutExemplars()
                .register(registry);
    }

    /** Everything that is counted, and what the view shows. */
    public MetricSnapshots scrape(ClusterView view) {
        List<MetricSnapshot> all = new ArrayList<>();
        registry.scrape().forEach(all::add);
        all.addAll(gauges.of(view));
        return new MetricSnapshots(all);
    }

    @Override
    public void onAppendAnswered(long groupId, int records, int sizeBytes, long nanos, boolean duplicate) {
        if (duplicate) {
            duplicates.inc();
        } else {
            appended.inc();
            appendedRecords.inc(records);
            appendedBytes.inc(sizeBytes);
            appendSeconds.observe(nanos / NANOS_PER_SECOND);
        }
    }

    @Override
    public void onReadAnswered(long groupId, int batches, long sizeBytes) {
        readBatches.inc(batches);
        readBytes.inc(sizeBytes);
    }

    @Override
    public void onRefused(long groupId, Refusal refusal) {
        refusals.get(refusal.reason()).inc();
    }

    @Override
    public void onApplied(long groupId, LogEntry entry) {
        appliedRecords.inc(entry.recordCount());
    }

    @Override
    public void onFlushed(int groups, long sizeBytes, long nanos) {
        flushSeconds.observe(nanos / NANOS_PER_SECOND);
        flushedBytes.inc(sizeBytes);
        flushedGroups.inc(groups);
    }

    @Override
    public void onRaftEvent(long groupId, RaftEvent event) {
        if (event instanceof RaftEvent.BecameCandidate) {
            elections.inc();
        } else if (event instanceof RaftEvent.BecameLeader) {
            leaderships.inc();
            led.add(groupId);
        } else if (event instanceof RaftEvent.BecameFollower follower && led.remove(groupId)) {
            lostLeaderships.labelValues(follower.cause().name()).inc();
        } else if (event instanceof RaftEvent.VoteRefused refused) {
            refusedVotes.labelValues(refused.cause().name()).inc();
        } else if (event instanceof RaftEvent.PreVoteRefused refused) {
            refusedVotes.labelValues(refused.cause().name()).inc();
        } else if (event instanceof RaftEvent.LogTruncated) {
            truncations.inc();
        } else if (event instanceof RaftEvent.SnapshotInstalled) {
            installedSnapshots.inc();
        } else if (event instanceof RaftEvent.MessageDropped) {
            droppedMessages.inc();
        }
    }

    @Override
    public void onSnapshot(long groupId, EntryId last, Payload state) {
        takenSnapshots.inc();
    }

    @Override
    public void onDiskStalled(boolean stalled) {
        if (stalled) {
            diskStalls.inc();
        }
    }

    @Override
    public void onQuarantined(long groupId, NodeId member, Damage damage) {
        quarantinedReplicas.inc();
    }

    @Override
    public void onRepaired(long groupId) {
        repairedReplicas.inc();
    }

    @Override
    public void onScrubStep(long groupId, long sizeBytes) {
        scrubbedBytes.inc(sizeBytes);
    }

    @Override
    public void onScrubbed(int logs, long sizeBytes, long nanos) {
        scrubPasses.inc();
    }

    @Override
    public void onFailed(long groupId, Throwable cause) {
        failedReplicas.inc();
    }
}
