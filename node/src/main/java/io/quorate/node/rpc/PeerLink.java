/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.quorate.internal.v1.GroupMessage;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.internal.v1.PeerServiceGrpc;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.Prng;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.AppendRequest;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * All that connects this node with one peer: two streams that it dials, two that the peer dials.
 *
 * <p>Connected: both outbound lanes are up and the peer's control stream is there. It ends as soon as any of the three
 * breaks; a peer that is killed resets all of them at once.
 *
 * <p>What is sent within one turn of the event loop leaves as one frame per lane, or several if it is much. Event loop
 * only.
 */
final class PeerLink {
    /** Frames are cut so that they do not exceed this, unless a single entry does. */
    static final int MAX_FRAME_BYTES = 4 << 20;

    /** About what a message takes in a frame beside its entries. */
    static final int MESSAGE_OVERHEAD_BYTES = 64;

    private static final MethodDescriptor<PeerFrame, PeerFrame> CONTROL =
            AliasingMarshaller.applyTo(PeerServiceGrpc.getControlMethod());
    private static final MethodDescriptor<PeerFrame, PeerFrame> REPLICATE =
            AliasingMarshaller.applyTo(PeerServiceGrpc.getReplicateMethod());

    private final NodeId peer;
    private final PeerHandshake handshake;
    private final OutboundLane control;
    private final OutboundLane replicate;
    private final Consumer<PeerLink> onConnectionChange;
    private final Map<PeerLane, InboundPeerStream> inbound = new EnumMap<>(PeerLane.class);

    private List<PeerMessage.ForGroup> queuedControl = new ArrayList<>();
    private List<PeerMessage.ForGroup> queuedAppends = new ArrayList<>();
    private List<PeerMessage.Repair> queuedRepairControl = new ArrayList<>();
    private List<PeerMessage.Repair> queuedRepairBulk = new ArrayList<>();
    private PeerMessage.Status queuedStatus;
    private PeerMessage.Standing queuedStanding;
    private boolean open;
    private boolean cut;
    private boolean connected;
    private long droppedMessages;

    /** @param onConnectionChange told when {@link #isConnected()} has changed */
    PeerLink(
            NodeId peer,
            EventLoop loop,
            Prng prng,
            Supplier<ManagedChannel> dial,
            PeerHandshake handshake,
            Consumer<PeerLink> onConnectionChange) {
        this.peer = peer;
        this.handshake = handshake;
        this.onConnectionChange = onConnectionChange;
        this.control = new OutboundLane(peer, CONTROL, loop, prng.split(), dial, handshake, this::update);
        this.replicate = new OutboundLane(peer, REPLICATE, loop, prng.split(), dial, handshake, this::update);
    }

    NodeId peer() {
        return peer;
    }

    boolean isConnected() {
        return connected;
    }

    boolean isCut() {
        return cut;
    }

    /** Messages that were not sent since there was no stream, or too much waited for it. */
    long droppedMessages() {
        return droppedMessages;
    }

    PeerFrame helloFrame() {
        return PeerFrame.newBuilder().setHello(handshake.hello(peer)).build();
    }

    void open() {
        open = true;
        if (!cut) {
            control.open();
            replicate.open();
        }
    }

    void close(Status why) {
        open = false;
        disconnect(why);
    }

    /** Fault injection: a cut peer is neither sent to nor listened to. */
    void setCut(boolean cut) {
        this.cut = cut;
        if (cut) {
            disconnect(Status.UNAVAILABLE.withDescription("isolated by fault injection"));
        } else if (open) {
            open();
        }
    }

    void inboundOpened(PeerLane lane, InboundPeerStream stream) {
        InboundPeerStream replaced = inbound.remove(lane);
        if (replaced != null) {
            // The peer dialed again before the end of its former stream was noticed: what it sent last may be lost.
            update();
            replaced.close(Status.ABORTED.withDescription("replaced by a newer stream"));
        }
        inbound.put(lane, stream);
        control.hurry();
        replicate.hurry();
        update();
    }

    void inboundClosed(PeerLane lane, InboundPeerStream stream) {
        if (inbound.remove(lane, stream)) {
            update();
        }
    }

    void enqueue(PeerMessage message) {
        if (message instanceof PeerMessage.Status status) {
            queuedStatus = queuedStatus == null || status.complete() ? status : merge(queuedStatus, status);
        } else if (message instanceof PeerMessage.Repair repair) {
            (RepairCodec.isBulk(repair) ? queuedRepairBulk : queuedRepairControl).add(repair);
        } else if (message instanceof PeerMessage.Standing standing) {
            queuedStanding = standing;
        } else {
            PeerMessage.ForGroup forGroup = (PeerMessage.ForGroup) message;
            (forGroup.message() instanceof AppendRequest ? queuedAppends : queuedControl).add(forGroup);
        }
    }

    /** Sends what was queued in this turn, or drops it. */
    void flush() {
        if (queuedStatus != null
                || queuedStanding != null
                || !queuedControl.isEmpty()
                || !queuedRepairControl.isEmpty()) {
            FrameWriter writer = new FrameWriter(control);
            if (queuedStatus != null) {
                writer.frame.setStatus(PeerCodec.encode(queuedStatus));
            }
            if (queuedStanding != null) {
                writer.frame.setStanding(PeerCodec.encode(queuedStanding));
            }
            for (PeerMessage.ForGroup message : queuedControl) {
                writer.add(message, MESSAGE_OVERHEAD_BYTES);
            }
            for (PeerMessage.Repair message : queuedRepairControl) {
                writer.add(RepairCodec.encode(message), MESSAGE_OVERHEAD_BYTES);
            }
            writer.send();
            queuedStatus = null;
            queuedRepairControl = new ArrayList<>();
            queuedStanding = null;
            queuedControl = new ArrayList<>();
        }
        if (!queuedAppends.isEmpty() || !queuedRepairBulk.isEmpty()) {
            FrameWriter writer = new FrameWriter(replicate);
            for (PeerMessage.ForGroup message : queuedAppends) {
                writer.addAppend(message, (AppendRequest) message.message());
            }
            for (PeerMessage.Repair message : queuedRepairBulk) {
                writer.add(RepairCodec.encode(message), RepairCodec.sizeBytes(message));
            }
            writer.send();
            queuedAppends = new ArrayList<>();
            queuedRepairBulk = new ArrayList<>();
        }
    }

    private void disconnect(Status why) {
        control.close();
        replicate.close();
        List.copyOf(inbound.values()).forEach(stream -> stream.close(why));
    }

    private void update() {
        boolean now = control.isUp() && replicate.isUp() && inbound.containsKey(PeerLane.CONTROL);
        if (now != connected) {
            connected = now;
            onConnectionChange.accept(this);
        }
    }

    /** {@code older} and then {@code newer}, which only adds to it. */
    private static PeerMessage.Status merge(PeerMessage.Status older, PeerMessage.Status newer) {
        List<PeerMessage.Leadership> leads = new ArrayList<>(older.leads());
        leads.addAll(newer.leads());
        return new PeerMessage.Status(
                newer.clientAddress(),
                newer.incarnation(),
                leads,
                older.complete(),
                newer.diskFull(),
                newer.diskStalled(),
                newer.admission(),
                newer.peerAddress());
    }

    /** Fills frames for one lane and sends each as it is full. */
    private final class FrameWriter {
        private final OutboundLane lane;
        private PeerFrame.Builder frame = PeerFrame.newBuilder();
        private long bytes;

        private FrameWriter(OutboundLane lane) {
            this.lane = lane;
        }

        private void add(PeerMessage.ForGroup message, long messageBytes) {
            add(PeerCodec.encode(message), messageBytes);
        }

        private void add(GroupMessage message, long messageBytes) {
            if (bytes > 0 && bytes + messageBytes > MAX_FRAME_BYTES) {
                send();
            }
            if (!lane.hasRoom()) {
                droppedMessages++;
                return;
            }
            frame.addMessages(message);
            bytes += messageBytes;
        }

        /** An append that is larger than a frame goes as several, each following on the one before. */
        private void addAppend(PeerMessage.ForGroup message, AppendRequest append) {
            List<LogEntry> entries = append.entries();
            AppendRequest rest = append;
            long partBytes = MESSAGE_OVERHEAD_BYTES;
            int from = 0;
            for (int i = 0; i < entries.size(); i++) {
                int entryBytes = entries.get(i).sizeBytes();
                if (i > from && partBytes + entryBytes > MAX_FRAME_BYTES) {
                    add(
                            with(
                                    message,
                                    new AppendRequest(
                                            append.term(),
                                            rest.previous(),
                                            entries.subList(from, i),
                                            append.commitIndex())),
                            partBytes);
                    from = i;
                    partBytes = MESSAGE_OVERHEAD_BYTES;
                    rest = new AppendRequest(
                            append.term(),
                            entries.get(i - 1).id(),
                            entries.subList(i, entries.size()),
                            append.commitIndex());
                }
                partBytes += entryBytes;
            }
            add(with(message, rest), partBytes);
        }

        private PeerMessage.ForGroup with(PeerMessage.ForGroup message, AppendRequest part) {
            return new PeerMessage.ForGroup(message.groupId(), message.fromStay(), message.toStay(), part);
        }

        private void send() {
            if (frame.getMessagesCount() == 0 && !frame.hasStatus() && !frame.hasStanding()) {
                return;
            }
            if (lane.hasRoom()) {
                lane.send(frame.build());
            } else {
                droppedMessages += Math.max(1, frame.getMessagesCount());
            }
            frame = PeerFrame.newBuilder();
            bytes = 0;
        }
    }
}
