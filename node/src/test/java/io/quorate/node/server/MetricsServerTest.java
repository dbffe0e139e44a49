/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.quorate.v1.AppendRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The metrics of a server")
@Timeout(180)
class MetricsServerTest {
    private static final Path PAGE = Path.of("..", "docs", "metrics.md");
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)(?:\\{[^}]*})?` \\| (\\w+) \\|.*");

    @TempDir
    Path root;

    private ServerCluster cluster;

    @AfterEach
    void stop() {
        cluster.close();
        assertNull(cluster.fatal.get());
    }

    private HttpResponse<String> ask(int node, String method, String path) throws IOException, InterruptedException {
        URI address = URI.create(
                "http://127.0.0.1:" + cluster.server(node).metricsPort().orElseThrow() + path);
        HttpRequest request = HttpRequest.newBuilder(address)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** The metrics, as soon as the node has time: on a busy machine it may say first that it has none now. */
    private HttpResponse<String> scrape(int node) throws IOException, InterruptedException {
        HttpResponse<String> response = ask(node, "GET", "/metrics");
        while (response.statusCode() == 503) {
            response = ask(node, "GET", "/metrics");
        }
        return response;
    }

    /** The value of a series, written as in the text format. */
    private static double value(String text, String series) {
        return text.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(series + " is not in\n" + text));
    }

    @Test
    @DisplayName("count appends, flushes, reads and refusals as they happened, and show what the node leads")
    void values() throws Exception {
        cluster = new ServerCluster(root, 1);
        cluster.startAll();
        cluster.createTopic("demo", 2);
        TestLog log = new TestLog(cluster, "demo");
        log.append("a", "b", "c");
        log.append("d");
        log.readAll();
        assertThrows(StatusRuntimeException.class, () -> log.stub()
                .append(AppendRequest.newBuilder(log.plain("x"))
                        .setTopic("missing")
                        .build()));

        HttpResponse<String> response = scrape(1);
        String text = response.body();

        assertEquals(200, response.statusCode());
        assertTrue(response.headers().firstValue("Content-Type").orElse("").startsWith("text/plain; version=0.0.4"));
        assertAll(
                () -> assertEquals(2, value(text, "quorate_append_batches_total{result=\"appended\"}")),
                () -> assertEquals(0, value(text, "quorate_append_batches_total{result=\"duplicate\"}")),
                () -> assertEquals(4, value(text, "quorate_append_records_total")),
                () -> assertEquals(2, value(text, "quorate_append_seconds_count")),
                () -> assertEquals(4, value(text, "quorate_applied_records_total")),
                () -> assertEquals(1, value(text, "quorate_refusals_total{reason=\"UNKNOWN_TOPIC\"}")),
                () -> assertEquals(2, value(text, "quorate_read_batches_total")),
                () -> assertTrue(value(text, "quorate_flush_seconds_count") >= 2),
                () -> assertTrue(value(text, "quorate_flush_bytes_total") > 0),
                () -> assertEquals(3, value(text, "quorate_replicas{role=\"leader\"}")),
                () -> assertEquals(0, value(text, "quorate_replicas_without_leader")),
                () -> assertEquals(2, value(text, "quorate_topic_partitions_led{topic=\"demo\"}")),
                () -> assertEquals(4, value(text, "quorate_topic_high_watermarks{topic=\"demo\"}")),
                () -> assertEquals(0, value(text, "quorate_disk_stalled")),
                () -> assertTrue(text.contains("quorate_node_info{cluster=\"")));
    }

    @Test
    @DisplayName("are those of docs/metrics.md, name by name and type by type")
    void documented() throws Exception {
        cluster = new ServerCluster(root, 3);
        cluster.startAll();
        cluster.createTopic("demo", 3);
        TreeMap<String, String> shown = new TreeMap<>();
        for (String line : Files.readAllLines(PAGE)) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                shown.put(row.group(1), row.group(2));
            }
        }
        TreeMap<String, String> served = new TreeMap<>();
        for (int node = 1; node <= 3; node++) {
            scrape(node)
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("# TYPE "))
                    .map(line -> line.split(" "))
                    .forEach(words -> served.put(words[2], words[3]));
        }
        // Only where the free space is watched, which the cluster of this test does not do.
        served.put("quorate_disk_free_bytes", "gauge");

        assertEquals(shown, served);
    }

    @Test
    @DisplayName("are all there is: other paths and methods are refused")
    void nothingElse() throws Exception {
        cluster = new ServerCluster(root, 1);
        cluster.startAll();

        assertEquals(404, ask(1, "GET", "/").statusCode());
        assertEquals(404, ask(1, "GET", "/metrics/x").statusCode());
        assertEquals(405, ask(1, "POST", "/metrics").statusCode());
        assertEquals(200, scrape(1).statusCode());
    }
}
