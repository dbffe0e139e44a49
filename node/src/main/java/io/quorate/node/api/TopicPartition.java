/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/**
 * The partition that a request is for.
 *
 * @param topic     as sent by the client: not yet checked
 * @param partition from 0
 * @param groupId   of the partition's Raft group in the incarnation of the topic that is meant, at least 1; 0: whichever
 *                  there is. Ids ascend and are never given twice, so that a topic that was deleted and created again
 *                  under its name has higher ones.
 */
public record TopicPartition(String topic, int partition, long groupId) {
    /** In whichever incarnation of the topic there is. */
    public TopicPartition(String topic, int partition) {
        this(topic, partition, 0);
    }

    @Override
    public String toString() {
        return topic + "/" + partition;
    }
}
