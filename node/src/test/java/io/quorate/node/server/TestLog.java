/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.quorate.node.testing.Await;
import io.quorate.v1.AppendRequest;
import io.quorate.v1.AppendResult;
import io.quorate.v1.LogServiceGrpc;
import io.quorate.v1.PlainRecord;
import io.quorate.v1.PlainRecords;
import io.quorate.v1.ReadBatch;
import io.quorate.v1.ReadRequest;
import io.quorate.v1.ReadResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Partition 0 of one topic of a {@link ServerCluster}, used as a client uses it. */
record TestLog(ServerCluster cluster, String topic) {
    /** To a leader that runs. */
    ManagedChannel leader() {
        Await.until("a leader that runs", () -> cluster.channel(cluster.leaderOf(topic, 0)) != null);
        return cluster.channel(cluster.leaderOf(topic, 0));
    }

    LogServiceGrpc.LogServiceBlockingStub stub() {
        return LogServiceGrpc.newBlockingStub(leader()).withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    AppendRequest plain(String... values) {
        PlainRecords.Builder records = PlainRecords.newBuilder();
        for (String value : values) {
            records.addRecords(PlainRecord.newBuilder().setValue(ByteString.copyFromUtf8(value)));
        }
        return AppendRequest.newBuilder().setTopic(topic).setRecords(records).build();
    }

    /** Tries until it is taken: there may be no leader for a while. Only where nothing was appended before in doubt. */
    AppendResult append(String... values) {
        AtomicReference<AppendResult> result = new AtomicReference<>();
        Await.until("an append", () -> {
            try {
                result.set(stub().append(plain(values)).getResult());
                return true;
            } catch (StatusRuntimeException notYet) {
                return false;
            }
        });
        return result.get();
    }

    /** All batches from the start to the end. */
    List<ReadBatch> readAll() {
        List<ReadBatch> batches = new ArrayList<>();
        Iterator<ReadResponse> responses =
                stub().read(ReadRequest.newBuilder().setTopic(topic).build());
        responses.forEachRemaining(response -> batches.addAll(response.getBatchesList()));
        return batches;
    }

    static ErrorInfo errorInfo(Throwable failure) throws IOException {
        return StatusProto.fromThrowable(failure).getDetails(0).unpack(ErrorInfo.class);
    }
}
