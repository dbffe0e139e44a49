/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.container;

import com.github.dockerjava.api.exception.NotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.utility.DockerImageName;

/**
 * The image under test: the one that {@code QUORATE_IMAGE} names, else one built from deploy/Dockerfile and the
 * distribution in cli/target/quorate. Its base is {@code QUORATE_BASE_IMAGE}, else what deploy/base-image made, else the
 * public default of the Dockerfile.
 */
final class NodeImage {
    private static final String LOCAL_BASE = "quorate-base:local";
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    private NodeImage() {}

    /** Ends the calling test as skipped (or failed) when there is nothing to build it from. */
    static DockerImageName require() {
        String given = System.getenv("QUORATE_IMAGE");
        return DockerImageName.parse(given != null ? given : build());
    }

    private static String build() {
        Path distribution = REPOSITORY.resolve("cli/target/quorate");
        if (!Files.isDirectory(distribution.resolve("lib"))) {
            DockerEngine.giveUp("cli/target/quorate is not built: run the tests with mvn verify");
        }
        ImageFromDockerfile image = new ImageFromDockerfile("quorate-under-test:latest", true)
                .withFileFromPath("Dockerfile", REPOSITORY.resolve("deploy/Dockerfile"))
                .withFileFromPath("cli/target/quorate", distribution);
        baseImage().ifPresent(base -> image.withBuildArg("BASE_IMAGE", base));
        try {
            return image.get();
        } catch (RuntimeException e) {
            DockerEngine.giveUp("the image cannot be built (no registry? deploy/base-image makes a base): " + e);
            throw e;
        }
    }

    private static Optional<String> baseImage() {
        String given = System.getenv("QUORATE_BASE_IMAGE");
        if (given != null) {
            return Optional.of(given);
        }
        try {
            DockerClientFactory.instance().client().inspectImageCmd(LOCAL_BASE).exec();
            return Optional.of(LOCAL_BASE);
        } catch (NotFoundException e) {
            return Optional.empty();
        }
    }
}
