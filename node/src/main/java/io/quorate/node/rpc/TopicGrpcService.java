/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.TopicSettings;
import io.quorate.node.rpc.Requests.InvalidRequestException;
import io.quorate.v1.AlterTopicRequest;
import io.quorate.v1.AlterTopicResponse;
import io.quorate.v1.CreateTopicRequest;
import io.quorate.v1.CreateTopicResponse;
import io.quorate.v1.DeleteTopicRequest;
import io.quorate.v1.DeleteTopicResponse;
import io.quorate.v1.DescribeTopicRequest;
import io.quorate.v1.DescribeTopicResponse;
import io.quorate.v1.ListTopicsRequest;
import io.quorate.v1.ListTopicsResponse;
import io.quorate.v1.TopicConfig;
import io.quorate.v1.TopicServiceGrpc;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** {@code quorate.v1.TopicService} over {@link NodeApi}. Event loop only. */
public final class TopicGrpcService implements BindableService {
    private final Supplier<NodeApi> api;

    /** @param api asked once a call has passed the {@link CallGate}, thus when the node runs */
    public TopicGrpcService(Supplier<NodeApi> api) {
        this.api = api;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return new Handlers().bindService();
    }

    private static TopicSettings.Change settings(TopicConfig config) throws InvalidRequestException {
        return new TopicSettings.Change(
                config.hasMaxBatchBytes()
                        ? OptionalInt.of(Requests.count("config.max_batch_bytes", config.getMaxBatchBytes()))
                        : OptionalInt.empty(),
                Requests.optional(config.hasRetentionMs(), "config.retention_ms", config.getRetentionMs()),
                Requests.optional(config.hasRetentionBytes(), "config.retention_bytes", config.getRetentionBytes()));
    }

    private final class Handlers extends TopicServiceGrpc.TopicServiceImplBase {
        @Override
        public void createTopic(CreateTopicRequest request, StreamObserver<CreateTopicResponse> client) {
            try {
                api.get()
                        .createTopic(
                                request.getTopic(),
                                Requests.count("partitions", request.getPartitions()),
                                Requests.count("replication_factor", request.getReplicationFactor()),
                                settings(request.getConfig()).applyTo(TopicSettings.DEFAULT),
                                result -> Answers.send(client, result, topic -> CreateTopicResponse.newBuilder()
                                        .setTopic(ViewCodec.toProto(topic))
                                        .build()));
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        @Override
        public void listTopics(ListTopicsRequest request, StreamObserver<ListTopicsResponse> client) {
            ListTopicsResponse.Builder response = ListTopicsResponse.newBuilder();
            api.get().view().topics().forEach(topic -> response.addTopics(ViewCodec.toProto(topic)));
            Answers.send(client, response.build());
        }

        @Override
        public void describeTopic(DescribeTopicRequest request, StreamObserver<DescribeTopicResponse> client) {
            Answers.send(client, api.get().topic(request.getTopic()), topic -> DescribeTopicResponse.newBuilder()
                    .setTopic(ViewCodec.toProto(topic))
                    .build());
        }

        @Override
        public void alterTopic(AlterTopicRequest request, StreamObserver<AlterTopicResponse> client) {
            try {
                api.get()
                        .alterTopic(
                                request.getTopic(),
                                Requests.number("group_id", request.getGroupId()),
                                settings(request.getConfig()),
                                Requests.count("partitions", request.getPartitions()),
                                result -> Answers.send(client, result, topic -> AlterTopicResponse.newBuilder()
                                        .setTopic(ViewCodec.toProto(topic))
                                        .build()));
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }

        @Override
        public void deleteTopic(DeleteTopicRequest request, StreamObserver<DeleteTopicResponse> client) {
            try {
                api.get()
                        .deleteTopic(
                                request.getTopic(),
                                Requests.number("group_id", request.getGroupId()),
                                result -> Answers.send(
                                        client, result, deleted -> DeleteTopicResponse.getDefaultInstance()));
            } catch (InvalidRequestException invalid) {
                client.onError(ErrorMapping.toStatus(invalid.refusal()));
            }
        }
    }
}
