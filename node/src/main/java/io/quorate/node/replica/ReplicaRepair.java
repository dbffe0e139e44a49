/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.DiskFullException;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.Snapshot;
import io.quorate.logstore.StorageException;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets a damaged log whole again, with committed entries of the group's other replicas (promise P8).
 *
 * <pre>
 *   start ──► LOOKING (what is intact around the damage) ──► ASKING one peer after the other ──► MENDING ──► damage left?
 *                ▲                                               │ not enough is committed,          │no        │yes
 *                └──────────────────pause, longer each time──────┴─nobody answers, no room           ▼          └► LOOKING
 *                                                                                                  repaired
 * </pre>
 *
 * <p>What may be done is for {@link RepairPlan} to say. One request is under way at a time, pieces are bounded, and of all
 * replicas of a node one fetches at a time ({@link RepairQueue}). The store belongs to this while it runs: nobody else
 * reads or writes. Event loop only.
 */
final class ReplicaRepair {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicaRepair.class);

    /** How much is put into the log at a time, in {@code LogEntry.sizeBytes()}; the rest comes afterwards. */
    static final int PART_BYTES = 32 << 20;

    static final long ANSWER_TIMEOUT_MILLIS = 1_000;
    static final long FIRST_PAUSE_MILLIS = 50;
    static final long LONGEST_PAUSE_MILLIS = 2_000;

    /** After so many pauses in a row a group whose leader commits nothing is asked for a new term. */
    private static final int PATIENCE = 5;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private static final String NO_SOURCE =
            "the partition has no other replica from which it could be repaired; what is lost is in its backups";

    /** Learns how it ends. Called on the event loop. */
    interface Listener {
        /** The log is whole. */
        void onRepaired();

        /** The disk has failed for good. */
        void onFailed(StorageException fault);
    }

    private final ReplicaHost host;
    private final GroupName name;
    private final LogStore store;
    private final Supplier<List<NodeId>> sources;
    private final long term;
    private final long committedIndex;
    private final long knownEnd;
    private final Listener listener;

    private final List<LogEntry> fetched = new ArrayList<>();
    private final SnapshotPieces pieces = new SnapshotPieces();
    private RepairPlan plan;
    private List<NodeId> peers = List.of();
    private long fetchedBytes;
    private long round;
    private int nextPeer;
    private int askedInVain;
    private int pauses;
    private boolean inTurn;
    private boolean asking;
    private boolean busy;
    private boolean stopped;
    private Runnable onStopped = () -> {};
    private EventLoop.Timer timer = () -> {};
    private String progress = "waits for its turn";

    /**
     * @param sources        other nodes with a replica, as far as is known when it is asked
     * @param term           the newest in which this replica may have voted or acknowledged anything
     * @param committedIndex up to which it knows its log to be committed
     * @param knownEnd       index of its last entry; {@code Long.MAX_VALUE} if it does not know for certain
     */
    ReplicaRepair(
            ReplicaHost host,
            GroupName name,
            LogStore store,
            Supplier<List<NodeId>> sources,
            long term,
            long committedIndex,
            long knownEnd,
            Listener listener) {
        this.host = host;
        this.name = name;
        this.store = store;
        this.sources = sources;
        this.term = term;
        this.committedIndex = committedIndex;
        this.knownEnd = knownEnd;
        this.listener = listener;
    }

    /** What it is doing, for people. */
    String progress() {
        return progress;
    }

    /** Nobody else reads or writes the store any more. */
    void start() {
        if (stopped) {
            return;
        }
        if (sources.get().isEmpty()) {
            LOG.error("{} on {}: {}", name, host.self(), NO_SOURCE);
        }
        host.repairs().enter(this::beginTurn);
    }

    /** Ends it; {@code then} runs when the store is left alone. */
    void stop(Runnable then) {
        stopped = true;
        timer.cancel();
        leaveQueue();
        if (busy) {
            onStopped = then;
        } else {
            then.run();
        }
    }

    private void beginTurn() {
        inTurn = true;
        if (stopped) {
            leaveQueue();
        } else {
            look();
        }
    }

    private void leaveQueue() {
        if (inTurn) {
            inTurn = false;
            host.repairs().leave();
        }
    }

    private void look() {
        peers = List.copyOf(sources.get());
        if (peers.isEmpty()) {
            pause(NO_SOURCE);
            return;
        }
        progress = "looks at what is intact";
        fetched.clear();
        fetchedBytes = 0;
        askedInVain = 0;
        onDisk(() -> RepairPlan.of(store, term, committedIndex, knownEnd), found -> {
            plan = found;
            ask(plan.start());
        });
    }

    // ---- asking

    private void ask(long fromIndex) {
        NodeId peer = peers.get(nextPeer % peers.size());
        round++;
        asking = true;
        progress = "asks node " + peer.value() + " for entries from index " + fromIndex + " on";
        long toIndex = plan.end();
        boolean newTerm = plan.needsNewTerm() || pauses >= PATIENCE;
        host.transport()
                .send(peer, new PeerMessage.RepairRequest(name.groupId(), round, term, fromIndex, toIndex, newTerm));
        awaitAnswer(peer);
    }

    private void awaitAnswer(NodeId peer) {
        long asked = round;
        timer = host.loop().schedule(ANSWER_TIMEOUT_MILLIS * NANOS_PER_MILLI, () -> {
            if (asking && asked == round) {
                askNext("node " + peer.value() + " does not answer");
            }
        });
    }

    private void askNext(String why) {
        asking = false;
        nextPeer++;
        askedInVain++;
        if (askedInVain >= peers.size()) {
            pause(why);
        } else {
            ask(plan.start() + fetched.size());
        }
    }

    void onReply(NodeId from, PeerMessage.RepairReply reply) {
        if (stopped || !asking || reply.round() != round) {
            return;
        }
        timer.cancel();
        asking = false;
        long wanted = plan.start() + fetched.size();
        if (reply.firstIndex() > wanted && fetched.isEmpty() && reply.firstIndex() <= plan.firstIndex()) {
            plan = plan.unrooted();
            ask(plan.start());
            return;
        }
        if (reply.firstIndex() > wanted) {
            askForSnapshot(from, "node " + from.value() + " has trimmed its log up to index " + reply.firstIndex());
            return;
        }
        if (!reply.entries().isEmpty()) {
            if (reply.entries().get(0).index() != wanted || !PartitionReplica.areIntactBatches(reply.entries())) {
                askNext("node " + from.value() + " sent entries that are damaged, or not what was asked for");
                return;
            }
            fetched.addAll(reply.entries());
            reply.entries().forEach(entry -> fetchedBytes += entry.sizeBytes());
        }
        decide(from, reply);
    }

    private void decide(NodeId from, PeerMessage.RepairReply reply) {
        RepairPlan.Step step = plan.next(reply.committed(), List.copyOf(fetched));
        if (step instanceof RepairPlan.Fetch fetch) {
            if (fetchedBytes > PART_BYTES && fetch.fromIndex() > plan.firstIndex()) {
                List<LogEntry> part = fetched.subList((int) (plan.firstIndex() - plan.start()), fetched.size());
                List<LogEntry> entries = List.copyOf(part);
                mend("puts back a first part", () -> {
                    adoptTermOf(entries);
                    store.repairPart(entries, fetch.toIndex());
                });
            } else if (reply.entries().isEmpty()
                    && fetch.fromIndex() <= reply.committed().index()) {
                askNext("node " + from.value() + " could not read its entry " + fetch.fromIndex());
            } else {
                ask(fetch.fromIndex());
            }
        } else if (step instanceof RepairPlan.Fill fill) {
            mend("puts back entries " + describe(fill.entries()), () -> store.repair(fill.entries()));
        } else if (step instanceof RepairPlan.Replace replace) {
            mend("puts back entries " + describe(replace.entries()) + " as the end of the log", () -> {
                adoptTermOf(replace.entries());
                store.replaceSuffix(replace.entries());
            });
        } else if (step instanceof RepairPlan.Reset) {
            askForSnapshot(from, "node " + from.value() + " has trimmed what would tell whether the logs are the same");
        } else if (step instanceof RepairPlan.Cut cut) {
            mend(
                    "drops what was never committed, from index " + cut.fromIndex() + " on",
                    () -> store.cutDamage(cut.fromIndex()));
        } else {
            askNext("node " + from.value() + " knows " + reply.committed()
                    + " to be committed, which is not yet enough to tell what this log lacks");
        }
    }

    // ---- a snapshot instead

    private void askForSnapshot(NodeId peer, String why) {
        round++;
        asking = true;
        progress = why + "; asks it for a snapshot, from byte " + pieces.position() + " on";
        host.transport()
                .send(
                        peer,
                        new PeerMessage.RepairSnapshotRequest(
                                name.groupId(), round, pieces.snapshot(), pieces.position()));
        awaitAnswer(peer);
    }

    void onSnapshotPiece(NodeId from, PeerMessage.RepairSnapshotPiece piece) {
        if (stopped || !asking || piece.round() != round) {
            return;
        }
        timer.cancel();
        asking = false;
        if (!pieces.add(piece)) {
            askNext("node " + from.value() + " has a snapshot of " + piece.totalBytes()
                    + " bytes, or sent wrong pieces");
            return;
        }
        Optional<Snapshot> whole = pieces.whole();
        if (whole.isEmpty()) {
            askForSnapshot(from, "node " + from.value() + " has trimmed its log");
            return;
        }
        pieces.forget();
        Snapshot snapshot = whole.get();
        mend("goes on from the snapshot of " + snapshot.last() + " of node " + from.value(), () -> {
            adoptTerm(snapshot.last().term());
            if (snapshot.last().term() > term) {
                store.resetTo(snapshot);
            } else {
                store.resetDamagedTo(snapshot);
            }
        });
    }

    private static String describe(List<LogEntry> entries) {
        return entries.get(0).index() + " to " + entries.get(entries.size() - 1).index();
    }

    // ---- mending

    /** A member that was never in the term has not voted in it: it can enter it without a vote, as by any message. */
    private void adoptTermOf(List<LogEntry> entries) {
        adoptTerm(entries.get(entries.size() - 1).term());
    }

    private void adoptTerm(long newest) {
        if (newest > store.hardState().term()) {
            store.putHardState(new HardState(newest, Optional.empty()));
        }
    }

    private void mend(String what, Runnable mending) {
        progress = what;
        LOG.info("{} on {}: {}", name, host.self(), what);
        onDisk(
                () -> {
                    try {
                        mending.run();
                        return "";
                    } catch (IllegalArgumentException doesNotFit) {
                        return doesNotFit.getMessage();
                    }
                },
                refusal -> {
                    if (!refusal.isEmpty()) {
                        pause(refusal);
                    } else if (store.damage().isPresent()) {
                        pauses = 0;
                        look();
                    } else {
                        leaveQueue();
                        listener.onRepaired();
                    }
                });
    }

    private <T> void onDisk(Supplier<T> work, Consumer<T> then) {
        busy = true;
        host.loop()
                .offload(
                        host.backgroundExecutor(),
                        work,
                        result -> {
                            if (!hasStopped()) {
                                then.accept(result);
                            }
                        },
                        this::onFault);
    }

    private boolean hasStopped() {
        busy = false;
        if (stopped) {
            onStopped.run();
        }
        return stopped;
    }

    private void onFault(StorageException fault) {
        if (hasStopped()) {
            return;
        }
        if (fault instanceof DiskFullException || fault instanceof CorruptLogException) {
            // Room comes back, and of more damage the store tells now.
            pause(fault.getMessage());
        } else {
            leaveQueue();
            listener.onFailed(fault);
        }
    }

    /** Tries again later; others take their turn meanwhile. */
    private void pause(String why) {
        leaveQueue();
        progress = "waits: " + why;
        LOG.debug("{} on {}: repair {}", name, host.self(), progress);
        long millis = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(pauses, 10));
        pauses++;
        timer = host.loop().schedule(millis * NANOS_PER_MILLI, () -> {
            if (!stopped) {
                host.repairs().enter(this::beginTurn);
            }
        });
    }
}
