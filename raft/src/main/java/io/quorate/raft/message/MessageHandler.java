/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.message;

import io.quorate.raft.log.NodeId;

/** One method per message: "ignored" is written out with its reason. */
public interface MessageHandler {
    void onPreVoteRequest(NodeId from, PreVoteRequest request);

    void onPreVoteResponse(NodeId from, PreVoteResponse response);

    void onVoteRequest(NodeId from, VoteRequest request);

    void onVoteResponse(NodeId from, VoteResponse response);

    void onAppendRequest(NodeId from, AppendRequest request);

    void onAppendAccepted(NodeId from, AppendAccepted response);

    void onAppendRejected(NodeId from, AppendRejected response);

    void onHeartbeat(NodeId from, Heartbeat heartbeat);

    void onHeartbeatResponse(NodeId from, HeartbeatResponse response);

    void onReadIndexRequest(NodeId from, ReadIndexRequest request);

    void onReadIndexResponse(NodeId from, ReadIndexResponse response);

    void onTimeoutNow(NodeId from, TimeoutNow request);

    void onInstallSnapshot(NodeId from, InstallSnapshot piece);

    void onSnapshotReceived(NodeId from, SnapshotReceived response);
}
