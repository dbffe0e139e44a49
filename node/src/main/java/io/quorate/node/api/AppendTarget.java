/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

import io.quorate.raft.log.Payload;
import java.util.OptionalLong;

/** A partition that this node led, in the generation that is named, when the target was opened. Event loop only. */
public interface AppendTarget {
    /** The leader's generation when the target was opened. */
    long generation();

    /** Nothing that is appended here gets a lower offset. */
    long nextOffset();

    /** As {@link #append(Payload, OptionalLong, AppendListener)}, of a batch that was never sent before. */
    default void append(Payload batch, AppendListener listener) {
        append(batch, OptionalLong.empty(), listener);
    }

    /**
     * Appends one encoded batch. The bytes are taken over. Refused as LEADERSHIP_LOST or NOT_LEADER when the generation
     * is over. Listeners of one target are called in the order of their appends.
     *
     * @param triedSince of a batch that is sent again: {@link #nextOffset} of the target that got it first, or anything lower
     */
    void append(Payload batch, OptionalLong triedSince, AppendListener listener);
}
