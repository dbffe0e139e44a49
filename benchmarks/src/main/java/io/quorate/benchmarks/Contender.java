/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import java.io.IOException;

/** One way to make bytes durable. For one thread. */
interface Contender extends AutoCloseable {
    String name();

    /** Writes one flush to each of its files and forces each. This is what is timed. */
    void flush() throws IOException;

    /** Between two slices, off the clock: makes room, waits for what runs in the background, starts anew. */
    void rest() throws IOException;

    @Override
    void close() throws IOException;
}
