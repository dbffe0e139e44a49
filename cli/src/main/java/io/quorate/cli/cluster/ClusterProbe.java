/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.cluster;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.v1.ClusterServiceGrpc;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Asks each node by itself what it sees, without the routing, retries and caches of the client library, which would hide
 * what this is about. Keeps its connections; not thread-safe.
 */
public final class ClusterProbe implements AutoCloseable {
    private final Map<String, ManagedChannel> channels = new TreeMap<>();

    /**
     * What the nodes at these addresses answer, by node id; those that do not answer in time are left out. All are asked
     * at once.
     */
    public Map<Integer, DescribeClusterResponse> ask(Collection<String> addresses, Duration patience) {
        List<ListenableFuture<DescribeClusterResponse>> calls = new ArrayList<>(addresses.size());
        for (String address : addresses) {
            calls.add(ClusterServiceGrpc.newFutureStub(channel(address))
                    .withDeadlineAfter(patience.toNanos(), TimeUnit.NANOSECONDS)
                    .describeCluster(DescribeClusterRequest.getDefaultInstance()));
        }
        Map<Integer, DescribeClusterResponse> answers = new TreeMap<>();
        for (ListenableFuture<DescribeClusterResponse> call : calls) {
            answerOf(call).ifPresent(answer -> answers.put(answer.getNodeId(), answer));
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

    private static Optional<DescribeClusterResponse> answerOf(ListenableFuture<DescribeClusterResponse> call) {
        try {
            return Optional.of(call.get());
        } catch (ExecutionException e) {
            return Optional.empty(); // down, or not in time: the same to whoever asks
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("INTERRUPTED", "interrupted while waiting for a node", "");
        }
    }
}
