/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.quorate.internal.v1.Hello;
import io.quorate.internal.v1.PeerFrame;
import io.quorate.internal.v1.PeerServiceGrpc;
import io.quorate.node.seam.PeerMessage;
import io.quorate.node.seam.Transport;
import io.quorate.node.server.NettyEventLoop;
import io.quorate.node.testing.Await;
import io.quorate.node.testing.FreePorts;
import io.quorate.raft.Prng;
import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("The transport between nodes")
@Timeout(60)
class GrpcTransportTest {
    private static final String CLUSTER = "cluster";
    private static final NodeId N1 = new NodeId(1);
    private static final NodeId N2 = new NodeId(2);
    private static final long GROUP = 4;

    private final SortedMap<NodeId, String> addresses = new TreeMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final AtomicReference<Throwable> fatal = new AtomicReference<>();

    @BeforeEach
    void choosePorts() throws IOException {
        List<Integer> ports = FreePorts.take(2);
        addresses.put(N1, "127.0.0.1:" + ports.get(0));
        addresses.put(N2, "localhost:" + ports.get(1));
    }

    @AfterEach
    void stopAll() {
        new ArrayList<>(nodes).forEach(Node::stop);
        assertEquals(null, fatal.get());
    }

    /** A node that only has a transport, and notes what it is told. */
    private final class Node implements Transport.Receiver {
        private final NodeId id;
        private final NettyEventLoop loop;
        private final GrpcTransport transport;
        private final Server server;
        private final List<PeerMessage> messages = new CopyOnWriteArrayList<>();
        private final List<String> events = new CopyOnWriteArrayList<>();

        private Node(NodeId id) throws IOException {
            this.id = id;
            loop = new NettyEventLoop("transport-" + id, fatal::set);
            transport = new GrpcTransport(CLUSTER, id, addresses, () -> 99, loop, loop, new Prng(id.value()));
            CallGate gate = new CallGate(fatal::set);
            gate.open();
            String address = addresses.get(id);
            server = GrpcServers.forPeers(
                            new InetSocketAddress(
                                    InetAddress.getLoopbackAddress(),
                                    Integer.parseInt(address.substring(address.indexOf(':') + 1))),
                            loop,
                            1 << 20)
                    .addService(ServerInterceptors.intercept(transport.service(), gate))
                    .build()
                    .start();
            loop.execute(() -> transport.start(this));
            nodes.add(this);
        }

        @Override
        public void onMessage(NodeId from, PeerMessage message) {
            messages.add(message);
        }

        @Override
        public void onConnected(NodeId peer) {
            events.add("+" + peer);
        }

        @Override
        public void onDisconnected(NodeId peer) {
            events.add("-" + peer);
        }

        private void send(NodeId to, List<PeerMessage> messages) {
            loop.execute(() -> messages.forEach(message -> transport.send(to, message)));
        }

        private void awaitEvents(String... expected) {
            Await.until(
                    id + " to see " + List.of(expected) + " but it saw " + events,
                    () -> events.equals(List.of(expected)));
        }

        private <T> T ask(java.util.function.Supplier<T> question) {
            AtomicReference<T> answer = new AtomicReference<>();
            loop.execute(() -> answer.set(question.get()));
            Await.until("an answer of " + id, () -> answer.get() != null);
            return answer.get();
        }

        /** As if its process was killed: nothing is said, its sockets are closed. */
        private void stop() {
            server.shutdownNow();
            loop.execute(transport::close);
            loop.close(Duration.ofSeconds(5));
            nodes.remove(this);
        }
    }

    private static PeerMessage heartbeat(long round) {
        return new PeerMessage.ForGroup(GROUP, new Heartbeat(1, 0, round));
    }

    private static LogEntry entry(long index, int bytes) {
        return new LogEntry(new EntryId(1, index), EntryType.RECORDS, index - 1, 1, 0, Payload.wrap(new byte[bytes]));
    }

    private Node[] connectedPair() throws IOException {
        Node first = new Node(N1);
        Node second = new Node(N2);
        first.awaitEvents("+n2");
        second.awaitEvents("+n1");
        return new Node[] {first, second};
    }

    @Test
    @DisplayName("connects nodes whichever starts first, and brings messages in both directions in order")
    void messages() throws IOException {
        Node[] pair = connectedPair();
        List<PeerMessage> there = LongStream.range(0, 1_000)
                .mapToObj(GrpcTransportTest::heartbeat)
                .toList();

        pair[0].send(N2, there);
        pair[1].send(N1, List.of(heartbeat(7)));

        Await.until("all messages", () -> pair[1].messages.size() == there.size());
        assertEquals(there, pair[1].messages);
        Await.until("the message back", () -> pair[0].messages.equals(List.of(heartbeat(7))));
    }

    @Test
    @DisplayName("tells a node's status, several of one turn as one")
    void status() throws IOException {
        Node[] pair = connectedPair();
        PeerMessage.Leadership first = new PeerMessage.Leadership(1, 5);
        PeerMessage.Leadership second = new PeerMessage.Leadership(2, 6);

        pair[0].send(
                N2,
                List.of(
                        new PeerMessage.Status("a:1", 3, List.of(first), true, false),
                        new PeerMessage.Status("a:1", 3, List.of(second), false, true)));

        Await.until("the status", () -> !pair[1].messages.isEmpty());
        assertEquals(List.of(new PeerMessage.Status("a:1", 3, List.of(first, second), true, true)), pair[1].messages);
    }

    @Test
    @DisplayName("splits an append that exceeds a frame into appends that follow on each other")
    void largeAppend() throws IOException {
        Node[] pair = connectedPair();
        List<LogEntry> entries = LongStream.rangeClosed(11, 30)
                .mapToObj(index -> entry(index, 1 << 20))
                .toList();
        AppendRequest append = new AppendRequest(2, new EntryId(1, 10), entries, 9);

        pair[0].send(N2, List.of(new PeerMessage.ForGroup(GROUP, append)));

        Await.until("all entries", () -> received(pair[1]).size() == entries.size());
        assertEquals(entries, received(pair[1]));
        long expectedIndex = 10;
        for (PeerMessage message : pair[1].messages) {
            AppendRequest part = (AppendRequest) ((PeerMessage.ForGroup) message).message();
            assertEquals(expectedIndex, part.previous().index());
            assertEquals(9, part.commitIndex());
            expectedIndex = part.lastIndex();
        }
        assertTrue(pair[1].messages.size() >= 5, pair[1].messages.size() + " appends");
    }

    @Test
    @DisplayName("takes the memory of its sockets, which it dialed and which were dialed, from its event loop's")
    void memoryOfTheLoop() throws IOException {
        assertEquals(0, new NettyEventLoop("idle", fatal::set).memory().heldBytes());
        Node[] pair = connectedPair();
        AppendRequest append = new AppendRequest(2, new EntryId(1, 10), List.of(entry(11, 1 << 20)), 9);

        pair[0].send(N2, List.of(new PeerMessage.ForGroup(GROUP, append)));

        Await.until("the entry", () -> received(pair[1]).size() == 1);
        assertTrue(pair[0].loop.memory().heldBytes() > 0, "the sender's");
        assertTrue(pair[1].loop.memory().heldBytes() > 0, "the receiver's");
    }

    private static List<LogEntry> received(Node node) {
        return node.messages.stream()
                .flatMap(message -> ((AppendRequest) ((PeerMessage.ForGroup) message).message()).entries().stream())
                .toList();
    }

    @Test
    @DisplayName("drops and counts what is beyond the queue's bound, and goes on with what comes later")
    void overflow() throws IOException {
        Node[] pair = connectedPair();
        List<LogEntry> entries = LongStream.rangeClosed(1, 16)
                .mapToObj(index -> entry(index, 1 << 20))
                .toList();
        PeerMessage append = new PeerMessage.ForGroup(GROUP, new AppendRequest(2, EntryId.NONE, entries, 0));

        pair[0].send(N2, IntStream.range(0, 8).mapToObj(i -> append).toList());

        // The turn ends with a task of its own, which may come after a question that was asked at once.
        Await.until(
                "drops, as 128 MiB in one turn exceed the bound of 64 MiB",
                () -> pair[0].ask(() -> pair[0].transport.droppedMessages()) > 0);
        pair[0].send(N2, List.of(heartbeat(1)));
        Await.until("the heartbeat", () -> pair[1].messages.contains(heartbeat(1)));
    }

    @Test
    @DisplayName("notices at once when a peer dies, and connects again when it is back")
    void reconnect() throws IOException {
        Node[] pair = connectedPair();

        pair[1].stop();
        pair[0].awaitEvents("+n2", "-n2");
        pair[0].send(N2, List.of(heartbeat(1)));
        Node reborn = new Node(N2);

        pair[0].awaitEvents("+n2", "-n2", "+n2");
        reborn.awaitEvents("+n1");
        pair[0].send(N2, List.of(heartbeat(2)));
        Await.until("a message", () -> reborn.messages.equals(List.of(heartbeat(2))));
    }

    @Test
    @DisplayName("breaks with an isolated peer on both sides, and connects again when that ends")
    void isolation() throws IOException {
        Node[] pair = connectedPair();

        pair[0].loop.execute(() -> pair[0].transport.isolate(new TreeSet<>(List.of(N2))));
        pair[0].awaitEvents("+n2", "-n2");
        pair[1].awaitEvents("+n1", "-n1");
        pair[1].send(N1, List.of(heartbeat(1)));
        pair[0].loop.execute(() -> pair[0].transport.isolate(new TreeSet<>()));

        pair[0].awaitEvents("+n2", "-n2", "+n2");
        pair[1].awaitEvents("+n1", "-n1", "+n1");
        assertEquals(List.of(), pair[0].messages);
    }

    // ---- at the door

    private static Hello.Builder validHello() {
        return Hello.newBuilder()
                .setProtocolVersion(1)
                .setClusterId(CLUSTER)
                .setNodeId(2)
                .setToNodeId(1);
    }

    private static PeerFrame frame(Hello.Builder hello) {
        return PeerFrame.newBuilder().setHello(hello).build();
    }

    /** Sends frames to n1 as a stranger and tells how n1 ends the stream. */
    private Status sendAsStranger(PeerFrame... frames) {
        ManagedChannel channel = NettyChannelBuilder.forTarget("dns:///" + addresses.get(N1))
                .usePlaintext()
                .build();
        try {
            RecordingObserver<PeerFrame> answers = new RecordingObserver<>();
            StreamObserver<PeerFrame> stream = PeerServiceGrpc.newStub(channel).control(answers);
            for (PeerFrame frame : frames) {
                stream.onNext(frame);
            }
            return answers.awaitError();
        } finally {
            channel.shutdownNow();
        }
    }

    static Stream<Arguments> unwelcome() {
        return Stream.of(
                unwelcome("another cluster", hello -> hello.setClusterId("other\n"), "'other?'", "'cluster'"),
                unwelcome("another version", hello -> hello.setProtocolVersion(9), "version 9", "version 1"),
                unwelcome("an unknown node without an address", hello -> hello.setNodeId(5), "n5", "n1"),
                unwelcome("node 0", hello -> hello.setNodeId(0), "n0", "1 to 65535"),
                unwelcome("the node itself", hello -> hello.setNodeId(1), "second node", "n1"),
                unwelcome("one who looks for another", hello -> hello.setToNodeId(2), "n2", "n1"));
    }

    private static Arguments unwelcome(String who, Consumer<Hello.Builder> change, String theirs, String ours) {
        Hello.Builder hello = validHello();
        change.accept(hello);
        return Arguments.of(who, hello, theirs, ours);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unwelcome")
    @DisplayName("turns away, naming both sides' values,")
    void unwelcomeIsTurnedAway(String who, Hello.Builder hello, String theirs, String ours) throws IOException {
        Node node = new Node(N1);

        Status status = sendAsStranger(frame(hello));

        assertEquals(Status.Code.FAILED_PRECONDITION, status.getCode());
        assertTrue(status.getDescription().contains(theirs), status.getDescription());
        assertTrue(status.getDescription().contains(ours), status.getDescription());
        assertEquals(List.of(), node.events);
    }

    @Test
    @DisplayName(
            "ends a stream that does not begin with a hello, repeats it, or carries what cannot be; and counts them")
    void malformed() throws IOException {
        Node node = new Node(N1);
        PeerFrame.Builder impossible = PeerFrame.newBuilder();
        impossible.addMessagesBuilder().setTerm(1).getHeartbeatBuilder().setRound(-1);

        assertEquals(
                Status.Code.INVALID_ARGUMENT, sendAsStranger(impossible.build()).getCode());
        assertEquals(
                Status.Code.INVALID_ARGUMENT,
                sendAsStranger(frame(validHello()), frame(validHello())).getCode());
        assertEquals(
                Status.Code.INVALID_ARGUMENT,
                sendAsStranger(frame(validHello()), impossible.build()).getCode());

        assertEquals(3L, node.ask(() -> node.transport.malformedFrames()));
        assertEquals(List.of(), node.messages);
    }
}
