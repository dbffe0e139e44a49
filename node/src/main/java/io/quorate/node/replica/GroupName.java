/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/**
 * What a Raft group is called.
 *
 * @param groupId   0 for the metadata group
 * @param topic     empty for the metadata group
 * @param partition from 0
 */
public record GroupName(long groupId, String topic, int partition) {
    public static final GroupName METADATA = new GroupName(0, "", 0);
    /** Of a {@link Rehearsal}: on no disk and in no registry. */
    static final GroupName REHEARSAL = new GroupName(Long.MAX_VALUE, "rehearsal", 0);

    /** As people know it. */
    public String label() {
        return topic.isEmpty() ? "metadata" : topic + "/" + partition;
    }

    @Override
    public String toString() {
        return label() + " (group " + groupId + ")";
    }
}
