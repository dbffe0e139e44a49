/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.quorate.node.api.ClusterView;
import io.quorate.node.api.NodeApi;
import io.quorate.node.metrics.NodeMetrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * {@code GET /metrics} in the text format of Prometheus, one request at a time, on a thread of its own: whoever asks too
 * often waits for himself. Only what the node sees at the moment is asked of the event loop, with a time limit.
 */
final class MetricsServer implements AutoCloseable {
    private static final String PATH = "/metrics";
    private static final int BACKLOG = 16;
    private static final long LOOP_PATIENCE_SECONDS = 2;

    private final HttpServer server;
    private final ExecutorService thread;
    private final NodeMetrics metrics;
    private final NettyEventLoop loop;
    private final Supplier<NodeApi> api;
    private final PrometheusTextFormatWriter format = PrometheusTextFormatWriter.create();

    private MetricsServer(
            HttpServer server,
            ExecutorService thread,
            NodeMetrics metrics,
            NettyEventLoop loop,
            Supplier<NodeApi> api) {
        this.server = server;
        this.thread = thread;
        this.metrics = metrics;
        this.loop = loop;
        this.api = api;
    }

    /**
     * Answers from now on.
     *
     * @throws ServerStartException if the address cannot be listened on
     */
    static MetricsServer start(
            InetSocketAddress address,
            String threadName,
            NodeMetrics metrics,
            NettyEventLoop loop,
            Supplier<NodeApi> api) {
        HttpServer http;
        try {
            http = HttpServer.create(address, BACKLOG);
        } catch (IOException e) {
            throw new ServerStartException(
                    "cannot listen on " + address.getHostString() + ":" + address.getPort() + " for metrics: "
                            + e.getMessage() + "; stop what uses it or configure another metrics.listen",
                    e);
        }
        ExecutorService thread = Executors.newSingleThreadExecutor(ServerThreads.forService(threadName));
        MetricsServer server = new MetricsServer(http, thread, metrics, loop, api);
        http.setExecutor(thread);
        http.createContext("/", server::answer);
        http.start();
        return server;
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestURI().getPath().equals(PATH)) {
                send(exchange, 404, "text/plain; charset=utf-8", text("metrics are at " + PATH + "\n"));
            } else if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                send(exchange, 405, "text/plain; charset=utf-8", text("only GET is answered\n"));
            } else {
                scrape(exchange);
            }
        }
    }

    private void scrape(HttpExchange exchange) throws IOException {
        CompletableFuture<ClusterView> view = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                view.complete(api.get().view());
            } catch (RuntimeException halted) {
                view.completeExceptionally(halted);
            }
        });
        MetricSnapshots snapshots;
        try {
            snapshots = metrics.scrape(view.get(LOOP_PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (TimeoutException | ExecutionException e) {
            send(exchange, 503, "text/plain; charset=utf-8", text("the node does not answer now\n"));
            return;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return;
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        format.write(body, snapshots, EscapingScheme.UNDERSCORE_ESCAPING);
        send(exchange, 200, format.getContentType(), body.toByteArray());
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private static byte[] text(String line) {
        return line.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        server.stop(0);
        thread.shutdownNow();
    }
}
