/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.grpc.stub.StreamObserver;
import io.quorate.internal.v1.FaultServiceGrpc;
import io.quorate.internal.v1.SetIsolationRequest;
import io.quorate.internal.v1.SetIsolationResponse;
import io.quorate.raft.log.NodeId;
import java.util.SortedSet;
import java.util.TreeSet;

/** {@code quorate.internal.v1.FaultService}: cuts this node off from peers on request. Event loop only. */
final class FaultGrpcService extends FaultServiceGrpc.FaultServiceImplBase {
    private final GrpcTransport transport;

    FaultGrpcService(GrpcTransport transport) {
        this.transport = transport;
    }

    @Override
    public void setIsolation(SetIsolationRequest request, StreamObserver<SetIsolationResponse> client) {
        SortedSet<NodeId> cutPeers = new TreeSet<>();
        for (int peer : request.getCutPeersList()) {
            if (peer <= 0) {
                client.onError(ErrorMapping.toStatus(
                        Requests.invalid("cut_peers", "a node id is positive, was " + Integer.toUnsignedString(peer))));
                return;
            }
            cutPeers.add(new NodeId(peer));
        }
        transport.isolate(cutPeers);
        Answers.send(client, SetIsolationResponse.getDefaultInstance());
    }
}
