/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.explain;

import io.quorate.cli.cluster.ClusterSnapshot.DiskView;
import io.quorate.cli.cluster.ClusterSnapshot.GroupView;
import io.quorate.cli.cluster.ClusterSnapshot.NodeView;
import io.quorate.cli.cluster.ClusterSnapshot.SpaceLevel;
import io.quorate.cli.cluster.ClusterSnapshot.State;
import io.quorate.cli.events.EventPrinter.Located;
import io.quorate.cli.explain.Finding.Cause;
import io.quorate.cli.explain.Finding.Severity;
import io.quorate.v1.Event;
import io.quorate.v1.EventKind;
import io.quorate.v1.FollowerProgress;
import io.quorate.v1.Group;
import io.quorate.v1.Partition;
import io.quorate.v1.ReplicaRole;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds out how one partition is, and why, from what the nodes tell. A function of the evidence: it asks nobody.
 *
 * <pre>
 *   fewer replicas than a majority ──► no quorum; who is missing, since when (and who still believes to lead)
 *   a majority, nobody leads       ──► who campaigns, who refused whom and why, whose disk holds it back
 *   a leader                       ──► can it commit and take appends, who lags behind it
 * </pre>
 */
final class Diagnosis {
    /** Events that are older explain nothing that is still going on. */
    private static final long ELECTION_MILLIS = 30_000;

    private static final long REFUSALS_MILLIS = 60_000;
    private static final int MAX_EVIDENCE = 4;
    private static final int MAX_HISTORY = 8;

    /** A follower that is behind for less is only busy. */
    private static final long LAG_MILLIS = 2_000;
    /** A voter is heard of once per heartbeat, many times a second. */
    private static final long SILENCE_MILLIS = 2_000;

    private static final Set<EventKind> HISTORY = EnumSet.of(
            EventKind.EVENT_KIND_BECAME_LEADER,
            EventKind.EVENT_KIND_LEADERSHIP_LOST,
            EventKind.EVENT_KIND_LOG_TRUNCATED,
            EventKind.EVENT_KIND_REPLICA_FAILED,
            EventKind.EVENT_KIND_REPLICA_QUARANTINED,
            EventKind.EVENT_KIND_REPLICA_REPAIRED,
            EventKind.EVENT_KIND_FOLLOWER_LAGS,
            EventKind.EVENT_KIND_FOLLOWER_CAUGHT_UP,
            EventKind.EVENT_KIND_REQUESTS_REFUSED);

    private final Evidence evidence;
    private final Partition partition;
    private final GroupView group;
    private final long groupId;
    private final List<Finding> findings = new ArrayList<>();

    private Diagnosis(Evidence evidence, Partition partition, GroupView group) {
        this.evidence = evidence;
        this.partition = partition;
        this.group = group;
        this.groupId = partition.getGroupId();
    }

    static Explanation of(Evidence evidence, String topic, Partition partition) {
        GroupView group = evidence.cluster()
                .partition(topic, partition.getPartition())
                .orElseThrow(() -> new IllegalArgumentException(topic + " is in no answer"));
        return new Diagnosis(evidence, partition, group).explain();
    }

    private Explanation explain() {
        String sentence;
        if (!group.hasQuorum()) {
            sentence = group.name() + " has no leader and can have none: "
                    + group.live().size() + " of its " + group.replicas().size() + " replicas can take part, "
                    + majority() + " are needed";
            addNoQuorum();
        } else if (!group.hasLeader()) {
            sentence = group.name() + " has no leader now, though enough of its replicas can elect one";
            addElection();
        } else {
            sentence = group.name() + " is led by node " + group.leaderId() + " in generation " + group.generation();
            addLeader();
        }
        group.replicas().forEach(this::addReplica);
        addRegistry();
        addRefusals();
        findings.sort(Comparator.comparing(Finding::severity).reversed());
        boolean well = findings.stream().allMatch(finding -> finding.severity() == Severity.INFO);
        String sum =
                well ? ": appends and reads are served, all " + group.replicas().size() + " replicas are there" : "";
        return new Explanation(group.name(), sentence + sum, findings, history());
    }

    private int majority() {
        return group.replicas().size() / 2 + 1;
    }

    private void add(Cause cause, Severity severity, String sentence, List<String> facts, String next) {
        findings.add(new Finding(cause, severity, sentence, facts, next));
    }

    // ---- nobody can lead

    private void addNoQuorum() {
        List<Integer> missing = group.replicas().stream()
                .filter(node -> !group.live().contains(node))
                .toList();
        List<String> facts = new ArrayList<>();
        missing.forEach(node -> facts.addAll(whyMissing(node)));
        int needed = majority() - group.live().size();
        List<Integer> mayReturn =
                missing.stream().filter(node -> !hasLostItsDisk(node)).toList();
        List<Integer> wanted = mayReturn.size() >= needed ? mayReturn : missing;
        add(
                Cause.NO_QUORUM,
                Severity.OUTAGE,
                "appends and default reads wait for " + names(missing) + ", of which at least " + needed
                        + " must come back; any replica can still be read with its own view",
                facts,
                "bring back " + (needed == wanted.size() ? names(wanted) : "one of " + names(wanted))
                        + "; nothing else is to be done then (in a dev cluster: quorate dev restart "
                        + wanted.get(0) + ")");
        for (int node : group.replicas()) {
            evidence.replica(node, groupId)
                    .filter(replica -> replica.getRole() == ReplicaRole.REPLICA_ROLE_LEADER)
                    .ifPresent(replica -> add(
                            Cause.LEADER_WITHOUT_MAJORITY,
                            Severity.OUTAGE,
                            "node " + node + " leads generation " + replica.getGeneration()
                                    + " but reaches no majority: what it takes cannot be committed, and it gives up within an"
                                    + " election timeout",
                            progress(replica),
                            ""));
        }
    }

    private List<String> whyMissing(int node) {
        List<String> facts = new ArrayList<>();
        if (hasLostItsDisk(node)) {
            facts.add("node " + node + " has lost its disk");
            return facts;
        }
        String failure = group.failures().get(node);
        if (failure != null) {
            facts.add("the replica on node " + node + " has failed: " + failure);
            return facts;
        }
        String damage = group.quarantined().get(node);
        if (damage != null) {
            facts.add("the log on node " + node + " is damaged, its replica is quarantined: " + damage);
            return facts;
        }
        facts.add(describe(node));
        evidence.last(EventKind.EVENT_KIND_PEER_DISCONNECTED, event -> event.getPeerId() == node)
                .ifPresent(located -> facts.add(evidence.describe(located)));
        return facts;
    }

    private boolean hasLostItsDisk(int node) {
        return evidence.cluster()
                .node(node)
                .filter(view -> view.standing().equals("lost"))
                .isPresent();
    }

    private String describe(int node) {
        Optional<NodeView> view = evidence.cluster().node(node);
        if (view.isEmpty()) {
            return "node " + node + " is not in the configuration of the nodes that answer";
        }
        String heard = view.get().lastContactMillis().isPresent()
                ? ", last heard of "
                        + Evidence.age(view.get().lastContactMillis().getAsLong()) + " ago"
                : ", not heard of since the others started";
        return switch (view.get().state()) {
            case UP -> "node " + node + " is up";
            case DOWN -> "node " + node + " is down" + heard;
            case CUT_OFF -> "node " + node + " answers here but is cut off from its peers" + heard;
            case SILENT -> "node " + node + " does not answer here, though its peers hear it";
        };
    }

    // ---- somebody could lead

    private void addElection() {
        List<Integer> campaigning = group.replicas().stream()
                .filter(node -> evidence.replica(node, groupId)
                        .filter(Diagnosis::isCampaigning)
                        .isPresent())
                .toList();
        List<String> facts = new ArrayList<>(refusedVotes());
        for (int node : group.live()) {
            evidence.replica(node, groupId)
                    .ifPresent(replica -> facts.add("the log of node " + node + " ends at index "
                            + replica.getLastIndex() + " of generation " + replica.getLastGeneration()
                            + (replica.getLeaderId() == 0
                                    ? ""
                                    : "; it still believes in node " + replica.getLeaderId())));
        }
        List<Integer> heldBack = group.live().stream().filter(this::isHeldBack).toList();
        String because =
                heldBack.isEmpty() ? "" : "; the disk keeps " + names(heldBack) + " from standing for election";
        if (!campaigning.isEmpty() || !refusedVotes().isEmpty()) {
            String who =
                    campaigning.isEmpty() ? "an election is going on" : names(campaigning) + " stands for election";
            add(
                    Cause.ELECTION,
                    Severity.OUTAGE,
                    who + " in generation " + group.generation() + " and has no majority of votes yet" + because,
                    facts,
                    "usually it is over within a second; if it is not, bring back the replica with the newest log");
        } else {
            add(
                    Cause.NO_LEADER,
                    Severity.OUTAGE,
                    "nobody stands for election yet; one follows within two election timeouts of the last leader's"
                            + " silence" + because,
                    facts,
                    heldBack.isEmpty() ? "ask again in a second" : "see to the disks of " + names(heldBack));
        }
    }

    private static boolean isCampaigning(Group replica) {
        return replica.getRole() == ReplicaRole.REPLICA_ROLE_CANDIDATE
                || replica.getRole() == ReplicaRole.REPLICA_ROLE_PRE_CANDIDATE;
    }

    private boolean isHeldBack(int node) {
        return disk(node)
                .filter(disk -> disk.stalled() || disk.space() == SpaceLevel.FULL)
                .isPresent();
    }

    private List<String> refusedVotes() {
        return newest(evidence.events(event -> isRefusal(event.getKind()) && isOurs(event)).stream()
                .filter(located -> evidence.ageMillis(located) < ELECTION_MILLIS)
                .toList());
    }

    private static boolean isRefusal(EventKind kind) {
        return kind == EventKind.EVENT_KIND_VOTE_REFUSED || kind == EventKind.EVENT_KIND_PRE_VOTE_REFUSED;
    }

    // ---- somebody leads

    private void addLeader() {
        int leader = group.leaderId();
        for (int node : group.replicas()) {
            evidence.replica(node, groupId)
                    .filter(replica -> node != leader && replica.getRole() == ReplicaRole.REPLICA_ROLE_LEADER)
                    .ifPresent(replica -> add(
                            Cause.FORMER_LEADER,
                            Severity.WARNING,
                            "node " + node + " still believes that it leads generation " + replica.getGeneration()
                                    + ", which is over: it can commit nothing, and whoever appends there is refused as FENCED"
                                    + " or finds the new leader",
                            List.of(describe(node)),
                            "mend the connection between node " + node + " and its peers"));
        }
        Optional<Group> own = evidence.replica(leader, groupId);
        if (own.isPresent() && own.get().getRole() == ReplicaRole.REPLICA_ROLE_LEADER) {
            addMajority(own.get());
            addLag(own.get());
            if (own.get().getAppliedIndex() < own.get().getCommitIndex()
                    && own.get().getHighWatermark() == 0
                    && own.get().getCommitIndex() > 1) {
                addRecovering(own.get());
            }
        }
        addFullDisks();
    }

    /** A leader that hears no majority of its voters commits nothing, though everybody may still see it as the leader. */
    private void addMajority(Group leader) {
        List<Integer> silent = leader.getFollowersList().stream()
                .filter(follower -> follower.getSilentMs() >= SILENCE_MILLIS)
                .map(FollowerProgress::getNodeId)
                .toList();
        if (group.replicas().size() - silent.size() < majority()) {
            add(
                    Cause.LEADER_WITHOUT_MAJORITY,
                    Severity.OUTAGE,
                    "the leader, node " + group.leaderId() + ", has not heard from " + names(silent)
                            + ": without a majority it commits nothing, and it gives up soon",
                    progress(leader),
                    "mend the connections of node " + group.leaderId() + " to " + names(silent));
        }
    }

    private void addRecovering(Group leader) {
        add(
                Cause.LEADER_RECOVERING,
                Severity.OUTAGE,
                "the leader still applies what it inherited: index " + leader.getAppliedIndex() + " of "
                        + leader.getCommitIndex() + "; it serves when it is done",
                List.of(),
                "");
    }

    private void addLag(Group leader) {
        for (FollowerProgress follower : leader.getFollowersList()) {
            if (follower.hasLaggingMs() && follower.getLaggingMs() >= LAG_MILLIS) {
                int node = follower.getNodeId();
                String bytes = follower.hasLagBytes() ? " (about " + size(follower.getLagBytes()) + ")" : "";
                add(
                        Cause.FOLLOWER_LAGS,
                        Severity.WARNING,
                        "node " + node + " is " + follower.getLagEntries() + " entries" + bytes
                                + " behind the leader, and has been behind for "
                                + Evidence.age(follower.getLaggingMs()) + ": " + whyLagging(node, follower),
                        progress(leader),
                        nextForLag(node));
            }
        }
    }

    private String whyLagging(int node, FollowerProgress follower) {
        if (group.failures().containsKey(node)) {
            return "its replica has failed";
        }
        if (group.quarantined().containsKey(node)) {
            return "its log is damaged and is being repaired";
        }
        State state = evidence.cluster().node(node).map(NodeView::state).orElse(State.DOWN);
        if (state == State.DOWN || state == State.CUT_OFF) {
            return describe(node);
        }
        if (disk(node).filter(DiskView::stalled).isPresent()) {
            return "its disk does not answer";
        }
        if (disk(node).filter(disk -> disk.space() == SpaceLevel.FULL).isPresent()) {
            return "its disk is full";
        }
        if (follower.getSilentMs() >= SILENCE_MILLIS) {
            return "the leader has not heard from it for " + Evidence.age(follower.getSilentMs());
        }
        if (follower.getInstalling()) {
            return "it needs what is in no log any more and is being sent a snapshot";
        }
        return follower.getReplicating()
                ? "it is being sent what it lacks, but does not take it as fast as it comes"
                : "the leader still looks for where their logs part";
    }

    private String nextForLag(int node) {
        State state = evidence.cluster().node(node).map(NodeView::state).orElse(State.DOWN);
        return switch (state) {
            case DOWN -> "start node " + node + "; it catches up by itself";
            case CUT_OFF -> "mend the network of node " + node + "; it catches up by itself";
            case UP, SILENT ->
                "look at disk, processor and network of node " + node
                        + "; appends need it only if another replica is lost";
        };
    }

    private static List<String> progress(Group leader) {
        List<String> facts = new ArrayList<>();
        facts.add("the leader's log ends at index " + leader.getLastIndex() + ", committed up to "
                + leader.getCommitIndex());
        for (FollowerProgress follower : leader.getFollowersList()) {
            facts.add("node " + follower.getNodeId() + " has index " + follower.getMatchIndex() + ", heard of "
                    + Evidence.age(follower.getSilentMs()) + " ago");
        }
        return facts;
    }

    private void addFullDisks() {
        List<Integer> full = group.replicas().stream()
                .filter(node -> disk(node)
                        .filter(disk -> disk.space() == SpaceLevel.FULL)
                        .isPresent())
                .toList();
        boolean leaderIsFull = full.contains(group.leaderId());
        if (leaderIsFull || group.replicas().size() - full.size() < majority()) {
            add(
                    Cause.DISK_FULL,
                    Severity.OUTAGE,
                    "appends are refused as DISK_FULL, because the disks of " + names(full)
                            + " are; reads, votes and trims go on",
                    full.stream().map(this::freeSpace).toList(),
                    "make room on, or add some to, the disk of " + names(full)
                            + "; appends go on by themselves within a second");
        }
    }

    private String freeSpace(int node) {
        String free = disk(node)
                .map(disk ->
                        disk.freeBytes().isPresent() ? size(disk.freeBytes().getAsLong()) : "an unknown amount")
                .orElse("?");
        String since = evidence.events(event -> event.getKind() == EventKind.EVENT_KIND_DISK_FULL).stream()
                .filter(located -> located.nodeId() == node)
                .reduce((first, second) -> second)
                .map(located -> ", too little since " + Evidence.age(evidence.ageMillis(located)) + " ago")
                .orElse("");
        return "node " + node + " has " + free + " free" + since;
    }

    // ---- each replica, whatever the leader

    private void addReplica(int node) {
        String failure = group.failures().get(node);
        String damage = group.quarantined().get(node);
        State state = evidence.cluster().node(node).map(NodeView::state).orElse(State.DOWN);
        if (hasLostItsDisk(node)) {
            add(
                    Cause.NODE_LOST_ITS_DISK,
                    Severity.WARNING,
                    "node " + node
                            + " has lost its disk: it holds no replica and neither votes nor serves, since nobody knows"
                            + " what it had promised",
                    List.of(),
                    "quorate node readmit " + node + " makes it a new member, whose replicas the others fill again");
        } else if (damage != null) {
            add(
                    Cause.REPLICA_QUARANTINED,
                    Severity.WARNING,
                    "the log on node " + node + " is damaged; its replica neither votes nor serves until it has been"
                            + " repaired from the others: " + damage,
                    eventsOn(node, EventKind.EVENT_KIND_REPLICA_QUARANTINED),
                    "nothing, if the repair goes on; if it happens again, look at the disk of node " + node);
        } else if (failure != null) {
            add(
                    Cause.REPLICA_FAILED,
                    Severity.WARNING,
                    "the replica on node " + node + " has failed and neither votes nor serves: " + failure,
                    eventsOn(node, EventKind.EVENT_KIND_REPLICA_FAILED),
                    failure.contains("node readmit")
                            ? "what the node says there; until then the partition has one replica less"
                            : "look at the disk of node " + node + " and its log, then restart it");
        } else if (state == State.DOWN && group.hasQuorum()) {
            add(Cause.NODE_DOWN, Severity.WARNING, describe(node), lostContact(node), "start node " + node);
        } else if (state == State.CUT_OFF) {
            add(
                    Cause.NODE_CUT_OFF,
                    Severity.WARNING,
                    describe(node),
                    lostContact(node),
                    "mend the network between node " + node + " and its peers");
        } else if (state == State.SILENT) {
            add(
                    Cause.NODE_SILENT,
                    Severity.INFO,
                    describe(node),
                    List.of(),
                    "its clients' port may be closed to you, or the process be stopped");
        } else if (state == State.UP && evidence.replica(node, groupId).isEmpty()) {
            add(
                    Cause.REPLICA_NOT_OPEN,
                    Severity.WARNING,
                    "node " + node + " is up but has not opened its replica yet",
                    List.of(),
                    "ask again in a second: it may have to read its log first");
        }
        disk(node).ifPresent(disk -> addDisk(node, disk));
    }

    private void addDisk(int node, DiskView disk) {
        if (disk.stalled()) {
            add(
                    Cause.DISK_STALLED,
                    node == group.leaderId() ? Severity.OUTAGE : Severity.WARNING,
                    "the disk of node " + node + " has not answered for " + Evidence.age(disk.pendingMillis())
                            + ", so that the node leads nothing",
                    eventsOn(node, EventKind.EVENT_KIND_DISK_STALLED),
                    "look at the device under node " + node + "'s data.dir; if it does not recover, stop the node");
        }
        if (disk.space() == SpaceLevel.LOW
                || disk.space() == SpaceLevel.FULL
                        && findings.stream().noneMatch(finding -> finding.cause() == Cause.DISK_FULL)) {
            add(
                    disk.space() == SpaceLevel.LOW ? Cause.DISK_LOW : Cause.DISK_FULL,
                    Severity.WARNING,
                    "the disk of node " + node
                            + (disk.space() == SpaceLevel.LOW ? " is nearly full" : " is full: it stores no records"),
                    List.of(freeSpace(node)),
                    "make room before appends are refused");
        }
    }

    private List<String> lostContact(int node) {
        return evidence.last(EventKind.EVENT_KIND_PEER_DISCONNECTED, event -> event.getPeerId() == node)
                .map(located -> List.of(evidence.describe(located)))
                .orElse(List.of());
    }

    private List<String> eventsOn(int node, EventKind kind) {
        return newest(
                evidence.events(event -> event.getKind() == kind && (!event.hasGroupId() || isOurs(event))).stream()
                        .filter(located -> located.nodeId() == node)
                        .toList());
    }

    // ---- around it

    private void addRegistry() {
        GroupView registry = evidence.cluster().metadata();
        if (!registry.hasLeader()) {
            add(
                    Cause.REGISTRY_WITHOUT_LEADER,
                    Severity.WARNING,
                    "the registry of topics has no leader: topics cannot be created, altered or deleted",
                    List.of(registry.live().size() + " of "
                            + registry.replicas().size() + " nodes can take part"),
                    "");
        }
    }

    private void addRefusals() {
        List<Located> refused =
                evidence
                        .events(event -> event.getKind() == EventKind.EVENT_KIND_REQUESTS_REFUSED && isOurs(event))
                        .stream()
                        .filter(located -> evidence.ageMillis(located) < REFUSALS_MILLIS)
                        .toList();
        if (!refused.isEmpty()) {
            add(
                    Cause.REQUESTS_REFUSED,
                    Severity.INFO,
                    "requests were refused within the last minute",
                    newest(refused),
                    "docs/errors.md tells for each reason what happened to the request");
        }
    }

    private List<String> history() {
        return evidence.events(event -> isOurs(event) && HISTORY.contains(event.getKind())).stream()
                .map(evidence::describe)
                .collect(Collectors.collectingAndThen(
                        Collectors.toList(), all -> all.subList(Math.max(0, all.size() - MAX_HISTORY), all.size())));
    }

    private boolean isOurs(Event event) {
        return event.hasGroupId() && event.getGroupId() == groupId;
    }

    private Optional<DiskView> disk(int node) {
        return evidence.cluster().node(node).flatMap(NodeView::disk);
    }

    private List<String> newest(List<Located> events) {
        return events.subList(Math.max(0, events.size() - MAX_EVIDENCE), events.size()).stream()
                .map(evidence::describe)
                .toList();
    }

    /** For example "node 2", "nodes 2 and 3". */
    static String names(List<Integer> nodes) {
        if (nodes.size() == 1) {
            return "node " + nodes.get(0);
        }
        String front =
                nodes.subList(0, nodes.size() - 1).stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "nodes " + front + " and " + nodes.get(nodes.size() - 1);
    }

    private static String size(long bytes) {
        if (bytes < 10 << 10) {
            return bytes + " bytes";
        }
        return bytes < 10 << 20 ? (bytes >> 10) + " KiB" : (bytes >> 20) + " MiB";
    }
}
