/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

/** How much the registry takes. The state machine checks them too, so they are the same on all nodes. */
public final class MetadataLimits {
    public static final int MAX_PARTITIONS_PER_TOPIC = 1_000;
    public static final int MAX_PARTITIONS = 4_000;
    /** Each of them takes part in the metadata group. */
    public static final int MAX_NODES = 9;

    public static final int DEFAULT_REPLICATION_FACTOR = 3;

    private MetadataLimits() {}
}
