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
        BlockingQueue<Optional<DescribeClusterResponse>> results = new LinkedBlockingQueue<>();
        for (String address : addresses) {
            ClusterServiceStub stub = ClusterServiceGrpc.newStub(channel(address))
                    .withDeadlineAfter(patience.toNanos(), TimeUnit.NANOSECONDS);
            stub.describeCluster(DescribeClusterRequest.getDefaultInstance(), new Result(results));
        }
        Map<Integer, DescribeClusterResponse> answers = new TreeMap<>();
        long deadline = System.nanoTime() + patience.toNanos();
        for (int i = 0; i < addresses.size(); i++) {
            Optional<DescribeClusterResponse> result = await(results, deadline - System.nanoTime());
            if (result.isPresent()) {
                if (answers.isEmpty()) {
                    deadline = Math.min(deadline, System.nanoTime() + OTHERS_NANOS);
                }
                answers.put(result.get().getNodeId(), result.get());
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
        return ClusterSnapshot.of(answers.values());
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
    private static Optional<DescribeClusterResponse> await(
            BlockingQueue<Optional<DescribeClusterResponse>> results, long nanos) {
        try {
            Optional<DescribeClusterResponse> result = results.poll(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            return result == null ? Optional.empty() : result;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted while waiting for a node", "");
        }
    }

    /** Puts one answer, or that there is none, into the queue. */
    private record Result(BlockingQueue<Optional<DescribeClusterResponse>> results)
            implements StreamObserver<DescribeClusterResponse> {
        @Override
        public void onNext(DescribeClusterResponse answer) {
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
