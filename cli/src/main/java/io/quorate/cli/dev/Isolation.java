/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.local.DevState;
import io.quorate.internal.v1.FaultServiceGrpc;
import io.quorate.internal.v1.SetIsolationRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Cuts nodes off from each other by telling each whom to ignore. Clients still reach all of them. */
final class Isolation {
    private static final long PATIENCE_MILLIS = 2_000;

    private Isolation() {}

    /**
     * Cuts {@code isolated} off from all others, in both directions, and joins the others; 0 joins all.
     *
     * @return ids of the nodes that could not be told because they do not run or are paused
     */
    static List<Integer> set(DevState state, int isolated) {
        List<Integer> unreached = new ArrayList<>();
        for (DevState.Node node : state.nodes()) {
            if (!node.isAlive() || node.process().isPaused()) {
                unreached.add(node.id());
                continue;
            }
            List<Integer> cut = new ArrayList<>();
            for (DevState.Node peer : state.nodes()) {
                boolean apart = node.id() == isolated || peer.id() == isolated;
                if (apart && peer.id() != node.id()) {
                    cut.add(peer.id());
                }
            }
            tell(node, cut);
        }
        return unreached;
    }

    private static void tell(DevState.Node node, List<Integer> cut) {
        ManagedChannel channel = Grpc.newChannelBuilder(node.peerAddress(), InsecureChannelCredentials.create())
                .disableServiceConfigLookUp()
                .build();
        try {
            FaultServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                    .setIsolation(
                            SetIsolationRequest.newBuilder().addAllCutPeers(cut).build());
        } catch (StatusRuntimeException e) {
            throw new CliException(
                    ExitCode.UNAVAILABLE,
                    "UNAVAILABLE",
                    "node " + node.id() + " does not take it: " + e.getStatus().getCode() + " "
                            + e.getStatus().getDescription(),
                    "quorate dev status shows the nodes",
                    e);
        } finally {
            channel.shutdownNow();
        }
    }
}
