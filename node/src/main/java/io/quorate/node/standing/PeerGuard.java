/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.PeerMessage.Standing;
import io.quorate.node.seam.PeerMessage.Standing.Verdict;
import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in mind which storage each peer has, and tells those who have lost theirs (promise P10).
 *
 * <pre>
 *   first contact ──note it durably──► trusted: its messages count
 *   another storage than noted ──────► not trusted, told so, until the registry has readmitted it
 *   asks, on an empty disk ──────────► told whether it was here before
 * </pre>
 *
 * <p>Invariant: no vote and no acknowledgement of a peer counts here before its storage is noted on this node's disk. So
 * of every quorum that a lost disk was part of, all others remember it.
 *
 * <p>A peer of a later admission than noted is believed at once: a node knows of its admission from the registry alone,
 * where it is committed, and this node's own copy may be behind. Event loop only.
 */
public final class PeerGuard {
    private static final Logger LOG = LoggerFactory.getLogger(PeerGuard.class);

    private record Storage(int admission, long incarnation) {}

    private final NodeId self;
    private final DurableMemory memory;
    private final List<NodeId> founders;
    private final Registrations registrations;
    private final BiConsumer<NodeId, PeerMessage> send;
    /** What each member has last said of itself. */
    private final SortedMap<NodeId, Storage> members = new TreeMap<>();
    /** Incarnation of each node that has asked since it was last a member. */
    private final SortedMap<NodeId, Long> asking = new TreeMap<>();

    /**
     * @param founders      nodes that may be there from the beginning, as configured; counts until this node is admitted
     * @param registrations asked when a peer asks
     */
    public PeerGuard(
            NodeId self,
            DurableMemory memory,
            List<NodeId> founders,
            Registrations registrations,
            BiConsumer<NodeId, PeerMessage> send) {
        this.self = self;
        this.memory = memory;
        this.founders = List.copyOf(founders);
        this.registrations = registrations;
        this.send = send;
    }

    /** Whether the peer's messages count. */
    public boolean trusts(NodeId peer) {
        Storage storage = members.get(peer);
        return storage != null && isNoted(memory.durable(), peer, storage);
    }

    /** Storage of the node that asks to be admitted; empty if none does. */
    public Optional<Long> asking(NodeId node) {
        return Optional.ofNullable(asking.get(node));
    }

    /** A peer tells of itself. Whether it is a member that is trusted. */
    public boolean onStatus(NodeId peer, PeerMessage.Status status) {
        if (status.admission().isEmpty()) {
            members.remove(peer);
            asking.put(peer, status.incarnation());
            answer(peer, status.incarnation());
            return false;
        }
        asking.remove(peer);
        Optional<Registrations.Registration> registered = registrations.of(peer);
        boolean out = registered.isPresent()
                && (registered.get().removed() || registered.get().incarnation() == 0)
                && status.admission().getAsInt() <= registered.get().admission();
        if (out) {
            members.remove(peer);
            send.accept(
                    peer,
                    new Standing(
                            status.incarnation(),
                            Verdict.REMOVED,
                            registered.get().admission(),
                            0));
            return false;
        }
        Storage storage = new Storage(status.admission().getAsInt(), status.incarnation());
        Storage before = members.put(peer, storage);
        Optional<NodeMemory.Known> known = memory.latest().node(peer).filter(found -> found.incarnation() != 0);
        if (known.isEmpty() || storage.admission() > known.get().admission()) {
            note(peer, storage);
        } else if (!isNoted(memory.latest(), peer, storage)) {
            turnAway(peer, storage, known.get(), !storage.equals(before));
        }
        return trusts(peer);
    }

    /** The registry has changed: what it knows of nodes' storage is noted. */
    public void onRegistered(NodeId node) {
        registrations.of(node).ifPresent(registered -> {
            Optional<NodeMemory.Known> known = memory.latest().node(node);
            boolean news = known.isEmpty()
                    || known.get().incarnation() == 0
                    || registered.admission() > known.get().admission();
            if (!node.equals(self) && registered.incarnation() != 0 && news) {
                note(node, new Storage(registered.admission(), registered.incarnation()));
            }
        });
    }

    private void turnAway(NodeId peer, Storage storage, NodeMemory.Known known, boolean first) {
        if (first) {
            LOG.warn(
                    "node {} comes with other storage than node {} knows of it (admission {} instead of {}): it is not"
                            + " listened to",
                    peer.value(),
                    self.value(),
                    storage.admission(),
                    known.admission());
        }
        send.accept(peer, new Standing(storage.incarnation(), Verdict.LOST, known.admission(), known.incarnation()));
    }

    private void answer(NodeId peer, long incarnation) {
        Standing standing = standingOf(peer, incarnation);
        if (standing.verdict() == Verdict.FIRST) {
            note(peer, new Storage(0, incarnation));
        }
        // Whoever relies on the answer relies on this node to remember it.
        memory.whenDurable(peer, () -> send.accept(peer, standing));
    }

    private Standing standingOf(NodeId peer, long incarnation) {
        Optional<Registrations.Registration> registered = registrations.of(peer);
        if (registered.isPresent() && registered.get().removed()) {
            return new Standing(incarnation, Verdict.REMOVED, registered.get().admission(), 0);
        }
        if (registered.isPresent() && registered.get().incarnation() == incarnation) {
            return new Standing(incarnation, Verdict.ADMITTED, registered.get().admission(), 0);
        }
        Optional<NodeMemory.Known> known = memory.latest().node(peer).filter(found -> found.incarnation() != 0);
        if (known.isPresent() && known.get().incarnation() == incarnation) {
            int admission = known.get().admission();
            return new Standing(incarnation, admission == 0 ? Verdict.FIRST : Verdict.ADMITTED, admission, 0);
        }
        if (known.isPresent()) {
            return new Standing(
                    incarnation,
                    Verdict.LOST,
                    known.get().admission(),
                    known.get().incarnation());
        }
        if (registered.isPresent() && registered.get().incarnation() != 0) {
            return new Standing(
                    incarnation,
                    Verdict.LOST,
                    registered.get().admission(),
                    registered.get().incarnation());
        }
        // Whom a cluster was formed of is known for good; what is configured later only says where nodes are.
        NodeMemory now = memory.latest();
        List<NodeId> first = now.admission().isPresent() ? now.founders() : founders;
        boolean founder = registered.isEmpty() && first.contains(peer) && now.hasRoomFor(peer);
        return new Standing(incarnation, founder ? Verdict.FIRST : Verdict.UNKNOWN, 0, 0);
    }

    private void note(NodeId peer, Storage storage) {
        NodeMemory now = memory.latest();
        if (!isNoted(now, peer, storage) && now.hasRoomFor(peer)) {
            String address = now.node(peer).map(NodeMemory.Known::peerAddress).orElse("");
            memory.change(now.with(peer, new NodeMemory.Known(storage.admission(), storage.incarnation(), address)));
        }
    }

    private static boolean isNoted(NodeMemory in, NodeId peer, Storage storage) {
        return in.node(peer)
                .filter(known ->
                        known.admission() == storage.admission() && known.incarnation() == storage.incarnation())
                .isPresent();
    }
}
