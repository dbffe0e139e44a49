/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * Whose log a directory holds. In the header of every file and mixed into every frame's checksum, so that a file copied
 * from elsewhere is refused.
 *
 * @param clusterId chosen by the operator; the same on all nodes
 * @param nodeId    1 or more
 * @param groupId   0 for the metadata group
 */
public record StoreIdentity(String clusterId, int nodeId, long groupId) {}
