/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Whoever waits for the client's thread")
@Timeout(120)
class ClientLoopTest {
    @Test
    @DisplayName("learns it when what it waits for fails by a bug, instead of waiting for ever")
    void taskThatThrows() {
        ClientLoop loop = new ClientLoop();

        QuorateException error = assertThrows(
                QuorateException.class,
                () -> loop.await(loop.call(() -> {
                    throw new IllegalStateException("broken");
                })));

        assertEquals("INTERNAL", error.reason());
        assertInstanceOf(IllegalStateException.class, error.getCause());
        loop.shutdown();
    }

    @Test
    @DisplayName("learns it when the thread has ended, before or while it waits")
    void endedLoop() {
        ClientLoop loop = new ClientLoop();
        CompletableFuture<String> never = new CompletableFuture<>();
        loop.shutdown();

        QuorateException error = assertThrows(QuorateException.class, () -> loop.await(never));

        assertEquals("UNAVAILABLE", error.reason());
        assertTrue(error.getMessage().contains("closed"), error.getMessage());
    }

    @Test
    @DisplayName("learns it when another thread closes the client meanwhile")
    void clientClosedMeanwhile() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 1)) {
            synchronized (cluster) {
                cluster.node(1).mute = true;
            }
            QuorateClient client = QuorateClient.connect(new ClientConfig(
                    HostAndPort.parseUri(cluster.uri()),
                    Duration.ofMinutes(10),
                    Duration.ofMillis(5),
                    Duration.ofMillis(50)));
            CompletableFuture<Object> call =
                    CompletableFuture.supplyAsync(() -> client.admin().tail(FakeCluster.TOPIC, 0));
            cluster.awaitRequests("DescribeCluster@1", 1);

            client.close();

            ExecutionException error = assertThrows(ExecutionException.class, () -> call.get(60, TimeUnit.SECONDS));
            assertEquals(
                    "UNAVAILABLE",
                    assertInstanceOf(QuorateException.class, error.getCause()).reason());
        }
    }
}
