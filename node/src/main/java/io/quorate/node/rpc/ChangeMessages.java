/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.node.api.ClusterChange;
import io.quorate.node.config.HostPort;
import io.quorate.node.rpc.Requests.InvalidRequestException;
import io.quorate.v1.ChangeClusterRequest;
import io.quorate.v1.ChangeClusterResponse;
import io.quorate.v1.PlannedMove;

/** Changes of the cluster to and from {@code quorate.v1}. */
final class ChangeMessages {
    private ChangeMessages() {}

    static ClusterChange toChange(ChangeClusterRequest request) throws InvalidRequestException {
        return switch (request.getChangeCase()) {
            case ADD_NODE ->
                new ClusterChange.AddNode(
                        Requests.count("node_id", request.getAddNode().getNodeId()),
                        address(request.getAddNode().getPeerAddress()));
            case REMOVE_NODE ->
                new ClusterChange.RemoveNode(
                        Requests.count("node_id", request.getRemoveNode().getNodeId()));
            case READMIT_NODE ->
                new ClusterChange.ReadmitNode(
                        Requests.count("node_id", request.getReadmitNode().getNodeId()));
            case REPLACE_NODE ->
                new ClusterChange.ReplaceNode(
                        Requests.count("node_id", request.getReplaceNode().getNodeId()),
                        Requests.count("by_node_id", request.getReplaceNode().getByNodeId()));
            case MOVE_PARTITION ->
                new ClusterChange.MovePartition(
                        request.getMovePartition().getTopic(),
                        Requests.count("partition", request.getMovePartition().getPartition()),
                        request.getMovePartition().getNodeIdsList());
            case REBALANCE -> new ClusterChange.Rebalance(request.getRebalance().getDryRun());
            case CHANGE_NOT_SET ->
                throw new InvalidRequestException("change", "none is set, or one that this version does not know");
        };
    }

    private static String address(String text) throws InvalidRequestException {
        return HostPort.tryParse(text)
                .filter(address -> !address.isWildcard())
                .map(HostPort::toString)
                .orElseThrow(() -> new InvalidRequestException(
                        "peer_address", "expected host:port where the node's peers reach it, no wildcard"));
    }

    static ChangeClusterResponse toProto(ClusterChange.Accepted accepted) {
        ChangeClusterResponse.Builder response =
                ChangeClusterResponse.newBuilder().setMessage(accepted.message());
        for (ClusterChange.Move move : accepted.moves()) {
            response.addMoves(PlannedMove.newBuilder()
                    .setTopic(move.topic())
                    .setPartition(move.partition())
                    .addAllFrom(move.from())
                    .addAllTo(move.to()));
        }
        return response.build();
    }
}
