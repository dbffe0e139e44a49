/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.ClusterServiceGrpc.ClusterServiceStub;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.ListEventsRequest;
import io.quorate.v1.ListEventsResponse;
import io.quorate.v1.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Asks each node by itself what it sees, without the routing, retries and caches of the client library, which would hide
 * what this is about. Keeps its connections; not thread-safe.
 */
public final class ClusterProbe implements AutoCloseable {
    /** How long to wait for the other nodes once one has answered. */
    private static final long OTHERS_NANOS = 1_000_000_000L;

    private final Map<String, ManagedChannel> channels = new TreeMap<>();

    /**
     * What the nodes at these addresses answer, by node id; those that do not answer in time are left out. All are asked
     * at once. A node that is up answers in milliseconds, one that is stopped in its tracks never: so the first answer
     * may take all of {@code patience}, and the others little more than it took.
     */
    public Map<Integer, DescribeClusterResponse> ask(Collection<String> addresses, Duration patience) {
        Map<Integer, DescribeClusterResponse> answers = new TreeMap<>();
        DescribeClusterRequest request = DescribeClusterRequest.getDefaultInstance();
        this.<DescribeClusterResponse>askEach(
                        addresses, patience, (stub, result) -> stub.describeCluster(request, result))
                .forEach(answer -> answers.put(answer.getNodeId(), answer));
        return answers;
    }

    /**
     * What the nodes at these addresses tell of their events, by node id, with the same patience as {@link #ask}; those
     * that refuse, because they do not know the topic, are left out as well.
     */
    public Map<Integer, ListEventsResponse> events(
            Collection<String> addresses, ListEventsRequest request, Duration patience) {
        Map<Integer, ListEventsResponse> answers = new TreeMap<>();
        this.<ListEventsResponse>askEach(addresses, patience, (stub, result) -> stub.listEvents(request, result))
                .forEach(answer -> answers.put(answer.getNodeId(), answer));
        return answers;
    }

    private <T> List<T> askEach(
            Collection<String> addresses, Duration patience, BiConsumer<ClusterServiceStub, StreamObserver<T>> call) {
        BlockingQueue<Optional<T>> results = new LinkedBlockingQueue<>();
        for (String address : addresses) {
            ClusterServiceStub stub = ClusterServiceGrpc.newStub(channel(address))
                    .withDeadlineAfter(patience.toNanos(), TimeUnit.NANOSECONDS);
            call.accept(stub, new Result<>(results));
        }
        List<T> answers = new ArrayList<>();
        long deadline = System.nanoTime() + patience.toNanos();
        for (int i = 0; i < addresses.size(); i++) {
            Optional<T> result = await(results, deadline - System.nanoTime());
            if (result.isPresent()) {
                if (answers.isEmpty()) {
                    deadline = Math.min(deadline, System.nanoTime() + OTHERS_NANOS);
                }
                answers.add(result.get());
            }
        }
        return answers;
    }

    /**
     * The whole cluster, found through any of its nodes.
     *
     * @throws CliException if none of them answers
     */
    public ClusterSnapshot snapshot(List<String> bootstrap, Duration patience) {
        return ClusterSnapshot.of(answers(bootstrap, patience).values());
    }

    /**
     * What every node of the cluster that can be reached answers, by node id, found through any of them.
     *
     * @throws CliException if none of them answers
     */
    public Map<Integer, DescribeClusterResponse> answers(List<String> bootstrap, Duration patience) {
        Map<Integer, DescribeClusterResponse> answers = ask(bootstrap, patience);
        if (answers.isEmpty()) {
            throw new CliException(
                    ExitCode.UNAVAILABLE,
                    "UNAVAILABLE",
                    "no node answers at " + String.join(", ", bootstrap) + " within " + patience.toMillis() + " ms",
                    "is the cluster running? quorate dev starts one here, --bootstrap names another",
                    null);
        }
        List<String> others = new ArrayList<>();
        for (Node node : answers.values().iterator().next().getNodesList()) {
            String address = node.getClientAddress();
            if (!answers.containsKey(node.getNodeId()) && !address.isEmpty() && !bootstrap.contains(address)) {
                others.add(address);
            }
        }
        answers.putAll(ask(others, patience));
        return answers;
    }

    @Override
    public void close() {
        channels.values().forEach(ManagedChannel::shutdownNow);
    }

    private ManagedChannel channel(String address) {
        return channels.computeIfAbsent(
                address, target -> Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
                        .directExecutor()
                        .disableServiceConfigLookUp()
                        .build());
    }

    /** Empty if the node did not answer, or none did within {@code nanos}. */
    private static <T> Optional<T> await(BlockingQueue<Optional<T>> results, long nanos) {
        try {
            Optional<T> result = results.poll(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            return result == null ? Optional.empty() : result;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted while waiting for a node", "");
        }
    }

    /** Puts one answer, or that there is none, into the queue. */
    private record Result<T>(BlockingQueue<Optional<T>> results) implements StreamObserver<T> {
        @Override
        public void onNext(T answer) {
            results.add(Optional.of(answer));
        }

        @Override
        public void onError(Throwable down) {
            results.add(Optional.empty()); // down, or not in time: the same to whoever asks
        }

        @Override
        public void onCompleted() {
            // The answer has been taken.
        }
    }
}
