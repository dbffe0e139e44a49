/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.charset.StandardCharsets;

/**
 * Whose log a directory holds. In the header of every file and mixed into every frame's checksum, so that a file copied
 * from elsewhere is refused.
 *
 * @param clusterId chosen by the operator; the same on all nodes; 1 to 255 bytes in UTF-8
 * @param nodeId    1 or more
 * @param groupId   0 for the metadata group
 */
public record StoreIdentity(String clusterId, int nodeId, long groupId) {
    public StoreIdentity {
        int bytes = clusterId.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > 255 || nodeId < 1 || groupId < 0) {
            throw new IllegalArgumentException(
                    "cluster id of " + bytes + " bytes (1 to 255), node " + nodeId + ", group " + groupId);
        }
    }

    /** Stands for the cluster id in fixed-size headers: FNV-1a, 64 bits. Part of the disk format. */
    long clusterHash() {
        long hash = 0xCBF29CE484222325L;
        for (byte b : clusterId.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        }
        return hash;
    }

    /** What every checksum of the segment that starts at {@code baseIndex} begins with. Part of the disk format. */
    long seed(long baseIndex) {
        return mix(mix(mix(clusterHash()) + nodeId) + groupId) + baseIndex * 0x9E3779B97F4A7C15L;
    }

    /** SplitMix64's finalizer. Part of the disk format. */
    static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
