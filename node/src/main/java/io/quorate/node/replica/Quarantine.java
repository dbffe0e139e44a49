/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.LogStore;
import io.quorate.logstore.StorageException;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is done with the damaged log of a replica: when nobody writes, reads or tidies it up any more it is repaired from
 * the others, and opened again. Event loop only.
 */
final class Quarantine {
    private final ReplicaHost host;
    private final Replica replica;
    private final LogStore store;
    private Optional<ReplicaRepair> repair = Optional.empty();

    Quarantine(ReplicaHost host, Replica replica) {
        this.host = host;
        this.replica = replica;
        this.store = replica.store();
    }

    /**
     * The replica does nothing any more, and nothing new looks at its log.
     *
     * @param knownEnd index of the last entry; {@code Long.MAX_VALUE} if that is not known for certain
     */
    void begin(long knownEnd) {
        ReplicaRepair begun = new ReplicaRepair(
                host,
                replica.name(),
                store,
                this::sources,
                replica.core().term(),
                replica.appliedIndex(),
                knownEnd,
                new Repaired());
        repair = Optional.of(begun);
        // Each of these executors works in order.
        host.turns().flushes().release(replica, () -> host.loop()
                .offload(
                        host.readExecutor(),
                        () -> begun,
                        afterReads -> host.loop()
                                .offload(host.backgroundExecutor(), () -> begun, ReplicaRepair::start, this::failed),
                        this::failed));
        host.turns().flushes().kick();
    }

    /**
     * Nodes with other members as far as the log tells, which may end long before the group moved to other nodes; and the
     * leader, of whom every node hears.
     */
    private List<NodeId> sources() {
        return Stream.concat(replica.otherNodes().stream(), host.whereabouts().leaderOf(replica.name()).stream())
                .filter(node -> !node.equals(host.self()))
                .distinct()
                .toList();
    }

    private final class Repaired implements ReplicaRepair.Listener {
        @Override
        public void onRepaired() {
            host.loop()
                    .offload(
                            host.backgroundExecutor(),
                            () -> GroupLog.of(store),
                            replica::goOnRepaired,
                            Quarantine.this::failed);
        }

        @Override
        public void onFailed(StorageException fault) {
            failed(fault);
        }
    }

    private void failed(StorageException fault) {
        over();
        replica.onRepairFailed(fault);
    }

    /** The replica goes on. */
    void over() {
        repair = Optional.empty();
    }

    /** What is done about the damage, for people; empty if nothing is. */
    Optional<String> progress() {
        return repair.map(ReplicaRepair::progress);
    }

    /** Whether the message was an answer to the repair of this replica; if there is none any more, it is ignored. */
    boolean takes(NodeId from, PeerMessage.Repair message) {
        if (message instanceof PeerMessage.RepairReply reply) {
            repair.ifPresent(under -> under.onReply(from, reply));
            return true;
        }
        if (message instanceof PeerMessage.RepairSnapshotPiece piece) {
            repair.ifPresent(under -> under.onSnapshotPiece(from, piece));
            return true;
        }
        return false;
    }

    /** Ends a repair that is under way; {@code then} runs when the log is left alone. */
    void stop(Runnable then) {
        repair.ifPresentOrElse(under -> under.stop(then), then);
    }
}
