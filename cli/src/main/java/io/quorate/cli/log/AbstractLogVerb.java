/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.log;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Progress;
import io.quorate.cli.base.Verb;
import io.quorate.cli.output.OutputFormat;
import io.quorate.cli.output.Terminal;
import io.quorate.logstore.DirectoryInspection;
import io.quorate.logstore.DirectoryInspection.Owner;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.ReadOnlyNioDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the verbs that look at a data directory have in common. */
abstract class AbstractLogVerb extends Verb {
    @Parameters(paramLabel = "DIR", description = "A node's data.dir, or DIR/groups/ID for one group of it.")
    private Path directory;

    @Option(
            names = {"-g", "--group"},
            paramLabel = "ID",
            description = "Only this group; 0 is the metadata group.")
    private Long group;

    @Option(names = "--cluster", paramLabel = "ID", description = "Whose directory it is, if its IDENTITY is lost.")
    private String cluster;

    @Option(names = "--node", paramLabel = "N", description = "Whose directory it is, if its IDENTITY is lost.")
    private Integer node;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, plain or json. Default: table on a terminal, else plain.")
    private OutputFormat format;

    AbstractLogVerb(CliContext context) {
        super(context);
    }

    @Override
    public final Integer call() {
        Path path =
                context.workingDirectory().resolve(directory).toAbsolutePath().normalize();
        if (!Files.isDirectory(path)) {
            throw notFound("no directory " + path);
        }
        try (DirectoryInspection found = find(path)) {
            return look(found);
        } catch (StorageException e) {
            throw new CliException(
                    ExitCode.PRECONDITION,
                    "DATA_DIRECTORY",
                    e.getMessage(),
                    "the node must be stopped, and this release not older than the one that wrote the files",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private DirectoryInspection find(Path path) throws IOException {
        return DirectoryInspection.find(new ReadOnlyNioDisk(), path, owner())
                .orElseThrow(() -> notFound(path + " is neither a node's data directory nor that of a group in one"));
    }

    private Optional<Owner> owner() {
        if (cluster == null && node == null) {
            return Optional.empty();
        }
        if (cluster == null || node == null || cluster.isEmpty() || node < 1) {
            throw CliException.usage(
                    "--cluster and --node go together", "give cluster.id and node.id of the node's configuration");
        }
        return Optional.of(new Owner(cluster, node, Optional.empty()));
    }

    private static CliException notFound(String what) {
        return new CliException(
                ExitCode.NOT_FOUND, "NO_LOG", what, "data.dir of the node's configuration names it", null);
    }

    abstract int look(DirectoryInspection found) throws IOException;

    /** The groups that were asked for. */
    final List<Long> groups(DirectoryInspection found) {
        if (group == null) {
            return found.groups();
        }
        if (!found.groups().contains(group)) {
            throw notFound("there is no group " + group + " in " + found.root());
        }
        return List.of(group);
    }

    final OutputFormat format() {
        return format != null ? format : terminal().outIsTty() ? OutputFormat.TABLE : OutputFormat.PLAIN;
    }

    /** Paints where a look at a file is. */
    static final class FileProgress implements AutoCloseable {
        private final Progress painted;
        private Path file;
        private long position;
        private long size;

        FileProgress(Terminal terminal) {
            painted = new Progress(terminal, this::text);
        }

        private String text() {
            return file + "  " + (size == 0 ? 100 : position * 100 / size) + " % of " + (size >> 20) + " MiB";
        }

        void at(Path newFile, long newPosition, long newSize) {
            file = newFile;
            position = newPosition;
            size = newSize;
            painted.tick();
        }

        @Override
        public void close() {
            painted.close();
        }
    }
}
