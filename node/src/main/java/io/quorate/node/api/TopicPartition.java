/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/**
 * @param topic     as sent by the client: not yet checked
 * @param partition from 0
 */
public record TopicPartition(String topic, int partition) {
    @Override
    public String toString() {
        return topic + "/" + partition;
    }
}
