/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.wire.RecordBatchBuilder;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Node 3 is watched; each node counts how often it is asked. */
@DisplayName("The watch over a replica from which records are expected")
@Timeout(120)
class ReplicaWatchTest {
    private static final int ROUNDS = 5;

    private final FakeCluster nodes = new FakeCluster(3, 1);
    private final ClientLoop loop = new ClientLoop();
    private final Cluster view = new Cluster(loop, ClientConfig.of(HostAndPort.parseUri(nodes.uri())));
    private final AtomicLong nextOffset = new AtomicLong();
    private final CompletableFuture<Void> outdone = new CompletableFuture<>();

    @BeforeEach
    void describe() {
        append();
        nextOffset.set(1);
        loop.await(loop.call(() -> {
            NodeConnection first =
                    view.connection(HostAndPort.parse(nodes.node(1).address()).toString());
            view.merge(nodes.describe(1), first);
            return first;
        }));
    }

    @AfterEach
    void close() {
        loop.await(loop.call(() -> {
            view.close();
            return view;
        }));
        loop.shutdown();
        nodes.close();
    }

    private void append() {
        RecordBatchBuilder batch = new RecordBatchBuilder(10);
        batch.append(5, null, "x".getBytes(UTF_8));
        nodes.append(0, batch.buildView(7, 0, nodes.partitions.get(0).nextOffset));
    }

    private void watch() {
        loop.execute(() -> {
            Cluster.Target target = new Cluster.Target(view.node(3).orElseThrow(), 1, 0);
            new ReplicaWatch(view, FakeCluster.TOPIC, 0, Duration.ofMillis(10), nextOffset::get)
                    .start(target, () -> outdone.complete(null));
        });
    }

    @Test
    @DisplayName("lets be one that has nothing to send")
    void idle() throws Exception {
        watch();

        nodes.awaitRequests("GetTail@3", ROUNDS);

        assertFalse(outdone.isDone());
        assertTrue(nodes.requests.contains("GetTail@1"));
        assertTrue(nodes.requests.contains("GetTail@2"));
    }

    @Test
    @DisplayName("lets be one that is as far as the others and has not sent it yet")
    void slow() throws Exception {
        append();
        watch();

        nodes.awaitRequests("GetTail@3", ROUNDS);

        assertFalse(outdone.isDone());
        assertEquals(1, nextOffset.get());
    }

    @Test
    @DisplayName("leaves one that lacks what another has, for more than a moment")
    void cutOff() throws Exception {
        nodes.node(3).laggingTail = 1;
        append();
        watch();

        outdone.get(60, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("leaves one that does not answer at all")
    void hangs() throws Exception {
        nodes.node(3).mute = true;
        watch();

        outdone.get(60, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("leaves one that cannot be reached")
    void gone() throws Exception {
        nodes.node(3).kill();
        watch();

        outdone.get(60, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("cares for nothing but the watched one if others do not answer")
    void othersHang() throws Exception {
        nodes.node(1).mute = true;
        nodes.node(2).kill();
        watch();

        nodes.awaitRequests("GetTail@3", 2);

        assertFalse(outdone.isDone());
    }
}
