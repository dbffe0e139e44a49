/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import io.quorate.raft.log.Payload;

/** A partition that this node led, in the generation that is named, when the target was opened. Event loop only. */
public interface AppendTarget {
    /** The leader's generation when the target was opened. */
    long generation();

    /**
     * Appends one encoded batch. The bytes are taken over. Refused as LEADERSHIP_LOST or NOT_LEADER when the generation
     * is over. Listeners of one target are called in the order of their appends.
     */
    void append(Payload batch, AppendListener listener);
}
