/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A connection to a node")
class NodeConnectionTest {
    private static final Failure REFUSED = Failure.local("UNAVAILABLE", "Connection refused: 127.0.0.1:7400");
    private static final Failure TOO_LATE = Failure.local("DEADLINE_EXCEEDED", "no answer in 3 ms");

    private final ClientLoop loop = new ClientLoop();
    private final NodeConnection node = new NodeConnection(
            loop, HostAndPort.parse("127.0.0.1:7400"), new Backoff(Duration.ofMillis(5), Duration.ofMillis(50)));

    @AfterEach
    void close() {
        loop.shutdown();
    }

    private void fails(Failure failure) {
        node.failed(node.epoch(), failure);
    }

    @Test
    @DisplayName("still says why it was refused after a call that had no time left to be")
    void lateCallHidesNothing() {
        fails(REFUSED);
        fails(TOO_LATE);
        fails(TOO_LATE);

        assertEquals("no answer in 3 ms; before that: Connection refused: 127.0.0.1:7400", node.lastError());
    }

    @Test
    @DisplayName("to a node that hangs says so, and nothing of what was before the node last answered")
    void hangs() {
        fails(REFUSED);
        node.succeeded(node.epoch());
        fails(TOO_LATE);

        assertEquals("no answer in 3 ms", node.lastError());
    }

    @Test
    @DisplayName("is left alone after a failure, and asked again after an answer")
    void leftAlone() {
        assertTrue(node.isAvailable());

        fails(REFUSED);
        assertTrue(node.hasFailed());

        node.succeeded(node.epoch());
        assertFalse(node.hasFailed());
        assertEquals("answers", node.lastError());
    }
}
