/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.TopicPartition;

/**
 * A partition that a client knows to exist.
 *
 * @param name with the group of the incarnation that the client knows: it never means another one
 */
record SimulatedPartition(TopicPartition name) {
    long groupId() {
        return name.groupId();
    }
}
