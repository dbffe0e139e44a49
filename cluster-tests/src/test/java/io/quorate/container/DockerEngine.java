/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;

/**
 * The Docker engine of this machine, if it has one. Without it container tests report themselves skipped, or failed
 * where {@code QUORATE_REQUIRE_DOCKER=1} says that there must be one.
 */
final class DockerEngine {
    private static final Optional<String> UNUSABLE = whyUnusable();

    private DockerEngine() {}

    /** Ends the calling test as skipped (or failed) when there is no engine. */
    static void require() {
        UNUSABLE.ifPresent(DockerEngine::giveUp);
    }

    /** Ends the calling test as skipped, or as failed where Docker is required. */
    static void giveUp(String reason) {
        if ("1".equals(System.getenv("QUORATE_REQUIRE_DOCKER"))) {
            fail(reason + " (QUORATE_REQUIRE_DOCKER=1 makes this a failure)");
        }
        abort(reason);
    }

    private static Optional<String> whyUnusable() {
        // The client library would otherwise speak a version that engines before Docker 25 refuse.
        serverApiVersion().ifPresent(version -> System.setProperty("api.version", version));
        try {
            DockerClientFactory.instance().client();
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(
                    "no usable Docker engine, which container tests need (docs/testing.md): " + e.getMessage());
        }
    }

    /** As the docker command says; empty if there is no such command or no engine. */
    private static Optional<String> serverApiVersion() {
        try {
            Process process = new ProcessBuilder("docker", "version", "--format", "{{.Server.APIVersion}}")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String version = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            boolean ended = process.waitFor(10, TimeUnit.SECONDS);
            return ended && version.matches("\\d+\\.\\d+") ? Optional.of(version) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
