/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.stub.StreamObserver;
import io.quorate.node.api.NodeApi;
import io.quorate.node.rpc.Requests.InvalidRequestException;
import io.quorate.v1.ChangeClusterRequest;
import io.quorate.v1.ChangeClusterResponse;
import io.quorate.v1.ClusterServiceGrpc;
import io.quorate.v1.DescribeClusterRequest;
import io.quorate.v1.DescribeClusterResponse;
import io.quorate.v1.ListEventsRequest;
import io.quorate.v1.ListEventsResponse;
import java.util.function.Supplier;

/** {@code quorate.v1.ClusterService} over {@link NodeApi}. Event loop only. */
public final class ClusterGrpcService extends ClusterServiceGrpc.ClusterServiceImplBase {
    private final Supplier<NodeApi> api;
    private final String version;

    /** @param api asked once a call has passed the {@link CallGate}, thus when the node runs */
    public ClusterGrpcService(Supplier<NodeApi> api, String version) {
        this.api = api;
        this.version = version;
    }

    @Override
    public void describeCluster(DescribeClusterRequest request, StreamObserver<DescribeClusterResponse> client) {
        Answers.send(client, ViewCodec.toProto(api.get().view(), version));
    }

    @Override
    public void changeCluster(ChangeClusterRequest request, StreamObserver<ChangeClusterResponse> client) {
        try {
            api.get()
                    .changeCluster(
                            ChangeMessages.toChange(request),
                            result -> Answers.send(client, result, ChangeMessages::toProto));
        } catch (InvalidRequestException invalid) {
            client.onError(ErrorMapping.toStatus(invalid.refusal()));
        }
    }

    @Override
    public void listEvents(ListEventsRequest request, StreamObserver<ListEventsResponse> client) {
        try {
            api.get()
                    .events(
                            EventMessages.toQuery(request),
                            result -> Answers.send(client, result, EventMessages::toProto));
        } catch (InvalidRequestException invalid) {
            client.onError(ErrorMapping.toStatus(invalid.refusal()));
        }
    }
}
