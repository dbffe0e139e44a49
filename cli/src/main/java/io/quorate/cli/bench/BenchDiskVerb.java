/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Sizes;
import io.quorate.cli.base.Verb;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "disk",
        header = "Measure what the disk alone can do: write and fdatasync, to several files in turn.",
        description = "No cluster is asked. The number to compare a cluster with whose nodes share this disk.")
final class BenchDiskVerb extends Verb {
    static final int MAX_CHUNK_BYTES = 64 << 20;

    @Parameters(paramLabel = "DIR", description = "Where to write. About 64 MiB per file, deleted afterwards.")
    private Path directory;

    @Option(names = "--files", paramLabel = "N", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
    private int files;

    @Option(
            names = "--chunk-bytes",
            paramLabel = "SIZE",
            defaultValue = "256KiB",
            converter = Sizes.class,
            description = "Written to a file before it is forced. Default: ${DEFAULT-VALUE}.")
    private Integer chunkBytes;

    @Option(names = "--for", paramLabel = "DURATION", defaultValue = "5s", description = "Default: ${DEFAULT-VALUE}.")
    private Duration duration;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "PLAIN",
            description = "plain or json.")
    private OutputFormat format;

    BenchDiskVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        if (files < 1 || files > 99) {
            throw CliException.usage("--files " + files + " is not 1 to 99", "3 is what three nodes write");
        }
        checkChunk(chunkBytes, "--chunk-bytes");
        DiskBaseline baseline = new DiskBaseline(context.workingDirectory().resolve(directory), files, chunkBytes);
        DiskBaseline.Result result = baseline.run(Long.MAX_VALUE, duration.toNanos());
        terminal().println(format == OutputFormat.JSON ? Json.write(result.json()) : result.line());
        return ExitCode.OK;
    }

    static void checkChunk(int bytes, String option) {
        if (bytes < 1 || bytes > MAX_CHUNK_BYTES) {
            throw CliException.usage(option + " " + bytes + " is not 1 byte to 64 MiB", "256KiB is a full batch");
        }
    }
}
