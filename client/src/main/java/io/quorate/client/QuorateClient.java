/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;

/**
 * A connection to a Quorate cluster. Thread-safe; share one per process.
 */
public final class QuorateClient implements AutoCloseable {
    /** @param uri {@code quorate://host:port,host:port}; any node will do */
    public static QuorateClient connect(String uri) {
        throw new UnsupportedOperationException();
    }

    public static QuorateClient connect(ClientConfig config) {
        throw new UnsupportedOperationException();
    }

    /** Topics and the state of the cluster. */
    public Admin admin() {
        throw new UnsupportedOperationException();
    }

    /** An idempotent producer for one topic. */
    public Producer producer(String topic, ProducerConfig config) {
        throw new UnsupportedOperationException();
    }

    /** A reader of one partition; it resumes by itself when the leader changes. */
    public Reader reader(String topic, int partition, ReaderConfig config) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    public void close(Duration timeout) {
        throw new UnsupportedOperationException();
    }
}
