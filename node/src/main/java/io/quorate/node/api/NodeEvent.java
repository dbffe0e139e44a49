/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import java.util.Objects;

/**
 * Something that happened on a node, as its flight recorder keeps it.
 *
 * @param sequence   rises by one with every event of the node, over its restarts; after a loss of power the last numbers may
 *                   be given again
 * @param timeMillis of the node's wall clock, since 1970
 * @param kind       what
 * @param groupId    whose; {@link #NO_GROUP} if it concerns the whole node
 * @param generation of the group then; 0 if that does not matter
 * @param peer       the other node that has to do with it; 0 if none has
 * @param detail     why, for people; at most {@value #MAX_DETAIL_CHARS} characters, longer ones are cut
 */
public record NodeEvent(
        long sequence, long timeMillis, EventKind kind, long groupId, long generation, int peer, String detail) {
    public static final long NO_GROUP = -1;
    public static final int MAX_DETAIL_CHARS = 256;

    public NodeEvent {
        Objects.requireNonNull(kind, "kind");
        detail = detail.length() <= MAX_DETAIL_CHARS ? detail : detail.substring(0, MAX_DETAIL_CHARS - 1) + "…";
    }

    public boolean concernsNode() {
        return groupId == NO_GROUP;
    }
}
