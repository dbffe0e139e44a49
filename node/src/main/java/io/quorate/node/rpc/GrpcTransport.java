/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.stub.StreamObserver;
import io.quorate.internal.v1.Hello;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.internal.v1.PeerServiceGrpc;
import io.quorate.node.config.HostPort;
import io.quorate.node.rpc.PeerCodec.MalformedMessageException;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages between nodes over gRPC. Every node dials every other: what A says to B always travels on streams that A
 * opened, one for control messages and one for entries, each on its own connection.
 *
 * <p>Messages of one turn of the event loop to one peer are sent together at the end of the turn. Event loop only, unless
 * noted.
 */
public final class GrpcTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcTransport.class);
    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;
    private static final int MAX_ANSWER_BYTES = 64 << 10;

    /** Far above the nodes that a cluster may have: room for those that were there once. */
    private static final int MAX_PEERS = 64;

    private final EventLoop loop;
    private final NetworkThread network;
    private final PeerHandshake handshake;
    private final Prng prng;
    private final SortedMap<NodeId, PeerLink> links = new TreeMap<>();
    private final SortedMap<NodeId, String> addresses = new TreeMap<>();
    private final List<PeerLink> unflushed = new ArrayList<>();
    private Receiver receiver;
    private boolean closed;
    private long malformedFrames;

    /** What becomes of a stream that has said hello. */
    sealed interface Admission {
        record Admitted(PeerLink link) implements Admission {}

        record Refused(Status status) implements Admission {}
    }

    /**
     * Any thread; opens nothing yet.
     *
     * @param nodes every node and where its peers reach it (host:port), this one included
     * @param incarnation of this node's storage; not asked before {@link #start}
     * @param prng  draws the delays between attempts to connect
     */
    public GrpcTransport(
            String clusterId,
            NodeId self,
            SortedMap<NodeId, String> nodes,
            LongSupplier incarnation,
            EventLoop loop,
            NetworkThread network,
            Prng prng) {
        this.loop = loop;
        this.network = network;
        this.prng = prng;
        this.handshake = new PeerHandshake(clusterId, self, nodes.getOrDefault(self, ""), incarnation);
        nodes.forEach((peer, address) -> {
            if (!peer.equals(self)) {
                addLink(peer, address);
            }
        });
    }

    private PeerLink addLink(NodeId peer, String address) {
        addresses.put(peer, address);
        Supplier<ManagedChannel> dial = () -> dial(addresses.get(peer));
        PeerLink link = new PeerLink(peer, loop, prng.split(), dial, handshake, this::connectionChanged);
        links.put(peer, link);
        return link;
    }

    /** The server side, for the peer port. Any thread. */
    public BindableService service() {
        return () -> AliasingMarshaller.applyTo(new PeerHandlers().bindService());
    }

    /** Also tells whom this node neither sends to nor listens to, for the peer port of a test cluster. Any thread. */
    public BindableService faultService() {
        return new FaultGrpcService(this);
    }

    @Override
    public void start(Receiver receiver) {
        this.receiver = receiver;
        links.values().forEach(PeerLink::open);
    }

    @Override
    public void send(NodeId to, PeerMessage message) {
        PeerLink link = links.get(to);
        if (closed || link == null || link.isCut()) {
            return;
        }
        link.enqueue(message);
        if (unflushed.isEmpty()) {
            loop.execute(this::flush);
        }
        if (!unflushed.contains(link)) {
            unflushed.add(link);
        }
    }

    @Override
    public void reach(NodeId peer, String address) {
        if (closed || peer.equals(handshake.self())) {
            return;
        }
        String known = addresses.get(peer);
        if (known == null) {
            PeerLink link = addLink(peer, address);
            if (receiver != null) {
                link.open();
            }
        } else if (!known.equals(address)) {
            // The connection that there may be stays as long as it works.
            addresses.put(peer, address);
        }
    }

    @Override
    public void forget(NodeId peer) {
        addresses.remove(peer);
        PeerLink link = links.remove(peer);
        if (link != null) {
            unflushed.remove(link);
            link.close(Status.FAILED_PRECONDITION.withDescription(peer + " does not belong to the cluster any more"));
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            links.values().forEach(link -> link.close(Status.UNAVAILABLE.withDescription("the node is shutting down")));
        }
    }

    /** Replaces the set of peers that this node neither sends to nor listens to. Unknown ids are ignored. */
    void isolate(SortedSet<NodeId> cutPeers) {
        LOG.warn("fault injection: {} is cut off from {}", handshake.self(), cutPeers);
        links.forEach((peer, link) -> link.setCut(cutPeers.contains(peer)));
    }

    /** Messages that were not sent, since start, because there was no stream or too much waited for it. */
    public long droppedMessages() {
        return links.values().stream().mapToLong(PeerLink::droppedMessages).sum();
    }

    /** Frames that no correct peer sends, since start. */
    public long malformedFrames() {
        return malformedFrames;
    }

    Admission admit(Hello hello) {
        if (receiver == null || closed) {
            return new Admission.Refused(
                    Status.UNAVAILABLE.withDescription(closed ? "the node is shutting down" : "the node is starting"));
        }
        Optional<String> objection = handshake.objectionTo(hello);
        if (objection.isPresent()) {
            return new Admission.Refused(Status.FAILED_PRECONDITION.withDescription(objection.get()));
        }
        NodeId peer = new NodeId(hello.getNodeId());
        PeerLink link = links.get(peer);
        if (link == null) {
            Optional<HostPort> address = HostPort.tryParse(hello.getPeerAddress());
            if (address.isEmpty() || links.size() >= MAX_PEERS) {
                return new Admission.Refused(Status.FAILED_PRECONDITION.withDescription("node " + handshake.self()
                        + " does not know node " + peer + ", which does not say where it can be reached"));
            }
            LOG.info("{}: node {} at {} was not known here", handshake.self(), peer, address.get());
            link = addLink(peer, address.get().toString());
            link.open();
        }
        return link.isCut()
                ? new Admission.Refused(Status.UNAVAILABLE.withDescription("isolated by fault injection"))
                : new Admission.Admitted(link);
    }

    void deliver(PeerLink from, PeerMessage message) {
        receiver.onMessage(from.peer(), message);
    }

    /** @param from null if the stream had not said hello */
    void countMalformedFrame(PeerLink from, MalformedMessageException malformed) {
        malformedFrames++;
        LOG.warn("dropped a frame from {}: {}", from == null ? "a stranger" : from.peer(), malformed.getMessage());
    }

    private void flush() {
        for (PeerLink link : unflushed) {
            link.flush();
        }
        unflushed.clear();
    }

    /** As a task of its own: a link changes in the middle of gRPC's callbacks, which swallow what they are thrown. */
    private void connectionChanged(PeerLink link) {
        if (closed) {
            return;
        }
        boolean connected = link.isConnected();
        loop.execute(() -> {
            LOG.info("{} {} {}", handshake.self(), connected ? "is connected with" : "has lost", link.peer());
            if (connected) {
                receiver.onConnected(link.peer());
            } else {
                receiver.onDisconnected(link.peer());
            }
        });
    }

    private ManagedChannel dial(String address) {
        // Callbacks of the name resolver's thread are handed to the loop; all others are on it already.
        Executor onLoop = task -> {
            if (loop.inEventLoop()) {
                task.run();
            } else {
                loop.execute(task);
            }
        };
        return network.memory()
                .giveTo(NettyChannelBuilder.forTarget("dns:///" + address))
                .usePlaintext()
                .proxyDetector(any -> null)
                .eventLoopGroup(network.group())
                .channelType(network.channelType())
                .executor(onLoop)
                .disableRetry()
                .disableServiceConfigLookUp()
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
                .flowControlWindow(GrpcServers.FLOW_CONTROL_WINDOW_BYTES)
                .maxInboundMessageSize(MAX_ANSWER_BYTES)
                .maxInboundMetadataSize(GrpcServers.MAX_METADATA_BYTES)
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS)
                .build();
    }

    private final class PeerHandlers extends PeerServiceGrpc.PeerServiceImplBase {
        @Override
        public StreamObserver<PeerFrame> control(StreamObserver<PeerFrame> answers) {
            return new InboundPeerStream(GrpcTransport.this, loop, PeerLane.CONTROL, answers);
        }

        @Override
        public StreamObserver<PeerFrame> replicate(StreamObserver<PeerFrame> answers) {
            return new InboundPeerStream(GrpcTransport.this, loop, PeerLane.REPLICATE, answers);
        }
    }
}
