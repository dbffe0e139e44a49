/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

/**
 * A member of the cluster. Positive; zero is "nobody" in durable formats and never a {@code NodeId}.
 *
 * @param value 1 or more
 */
public record NodeId(int value) implements Comparable<NodeId> {
    public NodeId {
        if (value <= 0) {
            throw new IllegalArgumentException("a node id is positive, was " + value);
        }
    }

    @Override
    public int compareTo(NodeId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return "n" + value;
    }
}
