/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.quorate.node.api.NodeApi;
import io.quorate.node.seam.EventLoop;
import io.quorate.v1.LogServiceGrpc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code grpc.health.v1}: the empty name is SERVING as long as the process lives, {@code quorate.v1.LogService} while
 * clients may be sent here. Readiness is asked of the node again and again, often until it is ready for the first time.
 */
final class HealthReporter {
    private static final Logger LOG = LoggerFactory.getLogger(HealthReporter.class);
    private static final long STARTING_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final HealthStatusManager statuses = new HealthStatusManager();
    private final CompletableFuture<Void> firstReady = new CompletableFuture<>();
    private final EventLoop loop;
    private EventLoop.Timer timer = () -> {};
    private boolean ready;
    private boolean closed;

    HealthReporter(EventLoop loop) {
        this.loop = loop;
        statuses.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
        publish();
    }

    BindableService service() {
        return statuses.getHealthService();
    }

    Future<Void> firstReady() {
        return firstReady;
    }

    /** Event loop. */
    void watch(NodeApi api) {
        if (closed) {
            return;
        }
        boolean now = api.isReady();
        if (now != ready) {
            ready = now;
            LOG.info("the node is {}", ready ? "ready" : "not ready: it knows no metadata leader");
            publish();
        }
        if (ready) {
            firstReady.complete(null);
        }
        timer = loop.schedule(firstReady.isDone() ? POLL_NANOS : STARTING_POLL_NANOS, () -> watch(api));
    }

    /** NOT_SERVING, all of it and for good. Event loop. */
    void close() {
        closed = true;
        timer.cancel();
        statuses.enterTerminalState();
        firstReady.cancel(false);
    }

    private void publish() {
        statuses.setStatus(LogServiceGrpc.SERVICE_NAME, ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }
}
