/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.List;

/**
 * Reads one partition in offset order, over leader changes, each record once. One thread at a time.
 *
 * <p>A topic that is deleted and created again under its name is another topic, in which offsets mean something else: a
 * read that has begun fails with TOPIC_RECREATED instead of going on there.
 */
public interface Reader extends AutoCloseable {
    /**
     * The next records, at least one; empty when {@code timeout} passed first or the bound was reached.
     *
     * @throws QuorateException when the read cannot go on
     */
    List<ReceivedRecord> poll(Duration timeout);

    /** Whether the bound was reached: {@link #poll} will return nothing more. */
    boolean isFinished();

    /** The offset of the next record that {@link #poll} returns. */
    long position();

    @Override
    void close();
}
