/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Tells the peers which groups this node leads: all of them on connection and every {@link #COMPLETE_EVERY_MILLIS}, in
 * between what is new, once per turn of the event loop. Event loop only.
 */
public final class Gossip {
    public static final long COMPLETE_EVERY_MILLIS = 1_000;

    /**
     * What a node tells of itself in every status.
     *
     * @param clientAddress where clients reach it, host:port
     * @param peerAddress   where peers reach it, host:port
     * @param incarnation   of its storage
     * @param admission     as which it was admitted; empty: not yet
     */
    public record Self(String clientAddress, String peerAddress, long incarnation, OptionalInt admission) {
        /** All that a node which leads nothing yet has to say. */
        public PeerMessage.Status status() {
            return new PeerMessage.Status(
                    clientAddress, incarnation, List.of(), true, false, false, admission, peerAddress);
        }
    }

    private final EventLoop loop;
    private final Transport transport;
    private final Supplier<? extends Collection<NodeId>> peers;
    private final Self self;
    private final BooleanSupplier diskFull;
    private final BooleanSupplier diskStalled;
    /** Generation by group. */
    private final SortedMap<Long, Long> leads = new TreeMap<>();

    private final SortedMap<Long, Long> news = new TreeMap<>();
    /** Placement by group, of those that this node leads. */
    private final SortedMap<Long, Integer> settled = new TreeMap<>();

    /**
     * @param peers    all other nodes, now
     * @param diskFull whether this node can store no records now
     * @param diskStalled whether its disk has not answered for too long
     */
    public Gossip(
            EventLoop loop,
            Transport transport,
            Supplier<? extends Collection<NodeId>> peers,
            Self self,
            BooleanSupplier diskFull,
            BooleanSupplier diskStalled) {
        this.loop = loop;
        this.transport = transport;
        this.peers = peers;
        this.self = self;
        this.diskFull = diskFull;
        this.diskStalled = diskStalled;
    }

    /** This node leads the group. */
    public void leads(long groupId, long generation) {
        Long before = leads.put(groupId, generation);
        if (before == null || before != generation) {
            if (news.isEmpty()) {
                loop.execute(this::tellNews);
            }
            news.put(groupId, generation);
        }
    }

    /** This node does not lead the group; peers learn it from the next complete status or from the next leader. */
    public void leadsNoMore(long groupId) {
        leads.remove(groupId);
        news.remove(groupId);
        settled.remove(groupId);
    }

    /** The members of a group that this node leads are those of this placement, committed. */
    public void settled(long groupId, int placement) {
        Integer before = settled.put(groupId, placement);
        Long generation = leads.get(groupId);
        if (generation != null && (before == null || before != placement)) {
            if (news.isEmpty()) {
                loop.execute(this::tellNews);
            }
            news.put(groupId, generation);
        }
    }

    /** A sign of life, with nothing new in it. */
    public void tellAlive() {
        PeerMessage.Status nothingNew = status(new TreeMap<>(), false);
        for (NodeId peer : peers.get()) {
            transport.send(peer, nothingNew);
        }
    }

    public void tellAll(NodeId peer) {
        transport.send(peer, status(leads, true));
    }

    public void tellAll() {
        PeerMessage.Status complete = status(leads, true);
        for (NodeId peer : peers.get()) {
            transport.send(peer, complete);
        }
    }

    private void tellNews() {
        if (news.isEmpty()) {
            return;
        }
        PeerMessage.Status partial = status(news, false);
        news.clear();
        for (NodeId peer : peers.get()) {
            transport.send(peer, partial);
        }
    }

    private PeerMessage.Status status(SortedMap<Long, Long> generationsByGroup, boolean complete) {
        List<PeerMessage.Leadership> list = new ArrayList<>(generationsByGroup.size());
        generationsByGroup.forEach((group, generation) ->
                list.add(new PeerMessage.Leadership(group, generation, settled.getOrDefault(group, 0))));
        return new PeerMessage.Status(
                self.clientAddress(),
                self.incarnation(),
                list,
                complete,
                diskFull.getAsBoolean(),
                diskStalled.getAsBoolean(),
                self.admission(),
                self.peerAddress());
    }
}
