/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import io.quorate.internal.v1.Hello;
import io.quorate.node.replica.MemberId;
import io.quorate.raft.log.NodeId;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What two nodes tell each other before anything else, so that a node of another cluster, of another version or at
 * another node's address is turned away at the door with a sentence that names both sides' values.
 *
 * @param clusterId of this node
 * @param self      this node
 * @param address   where peers reach this node, host:port
 * @param incarnation of this node's storage; asked when a stream is opened
 */
record PeerHandshake(String clusterId, NodeId self, String address, LongSupplier incarnation) {
    static final int PROTOCOL_VERSION = 1;

    Hello hello(NodeId to) {
        return Hello.newBuilder()
                .setProtocolVersion(PROTOCOL_VERSION)
                .setClusterId(clusterId)
                .setNodeId(self.value())
                .setToNodeId(to.value())
                .setIncarnation(incarnation.getAsLong())
                .setPeerAddress(address)
                .build();
    }

    /** Why the sender of {@code hello} is not a peer of this node; empty if it is. */
    Optional<String> objectionTo(Hello hello) {
        if (hello.getProtocolVersion() != PROTOCOL_VERSION) {
            return Optional.of("peer protocol version " + Integer.toUnsignedString(hello.getProtocolVersion())
                    + " of node " + name(hello.getNodeId()) + ", node " + self + " speaks version "
                    + PROTOCOL_VERSION);
        }
        if (!hello.getClusterId().equals(clusterId)) {
            return Optional.of("node " + name(hello.getNodeId()) + " belongs to cluster '" + shown(hello.getClusterId())
                    + "', node " + self + " to cluster '" + clusterId + "'");
        }
        if (hello.getToNodeId() != self.value()) {
            return Optional.of("node " + name(hello.getNodeId()) + " expected node " + name(hello.getToNodeId())
                    + " here, but this is node " + self + "; check the nodes' addresses");
        }
        if (hello.getNodeId() == self.value()) {
            return Optional.of("a second node calls itself " + self);
        }
        if (hello.getNodeId() <= 0 || hello.getNodeId() > MemberId.MAX_NODE) {
            return Optional.of("a node's id is 1 to " + MemberId.MAX_NODE + ", not " + name(hello.getNodeId()));
        }
        return Optional.empty();
    }

    private static String name(int nodeId) {
        return "n" + Integer.toUnsignedString(nodeId);
    }

    /** Text of a stranger, fit for a log line. */
    private static String shown(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= 64 ? printable : printable.substring(0, 64) + "…";
    }
}
