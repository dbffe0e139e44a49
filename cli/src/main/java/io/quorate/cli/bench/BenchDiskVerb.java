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
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

@Command(
        name = "disk",
        header = "Measure what the disk alone can do: write and fdatasync, to several files in turn.",
        description = {
            "No cluster is asked. The number to compare a cluster with whose nodes share this disk.",
            "Ways of writing take turns, chunk by chunk: cached-over and cached-growing go through the operating system's",
            "cache, direct-over and direct-growing past it; -over writes blocks that were written before, -growing appends",
            "to a file. Direct writes are whole blocks."
        })
final class BenchDiskVerb extends Verb {
    static final int MAX_CHUNK_BYTES = 64 << 20;

    @Parameters(paramLabel = "DIR", description = "Where to write. Up to 256 MiB per file and way, deleted afterwards.")
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

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            defaultValue = "5s",
            description = "For each way of writing. Default: ${DEFAULT-VALUE}.")
    private Duration duration;

    @Option(
            names = {"-w", "--writes"},
            paramLabel = "WAY",
            split = ",",
            converter = Way.class,
            description = "Which ways of writing. Default: all four, as far as the file system has them.")
    private List<RawWrite> writes = List.of(RawWrite.values());

    @Option(names = "--direct", description = "Short for --writes direct-over,direct-growing.")
    private boolean direct;

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
        List<RawWrite> wanted = direct ? List.of(RawWrite.DIRECT_OVER, RawWrite.DIRECT_GROWING) : writes;
        List<DiskBaseline.Result> results = baseline.run(wanted, Long.MAX_VALUE, duration.toNanos());
        if (results.isEmpty()) {
            throw new CliException(
                    ExitCode.PRECONDITION,
                    "NO_DIRECT_IO",
                    "the file system of " + directory + " has no direct writes",
                    "--writes cached-over,cached-growing",
                    null);
        }
        if (format == OutputFormat.JSON) {
            List<Object> documents = new ArrayList<>();
            results.forEach(result -> documents.add(result.json()));
            terminal().println(Json.write(Json.object("writes", documents)));
        } else {
            results.forEach(result -> terminal().println(result.line()));
        }
        return ExitCode.OK;
    }

    /** Names of ways, as they are printed. */
    static final class Way implements ITypeConverter<RawWrite> {
        @Override
        public RawWrite convert(String text) {
            for (RawWrite write : RawWrite.values()) {
                if (write.toString().equalsIgnoreCase(text)) {
                    return write;
                }
            }
            throw new TypeConversionException(
                    "\"" + text + "\" is no way of writing: cached-over, cached-growing, direct-over, direct-growing");
        }
    }

    static void checkChunk(int bytes, String option) {
        if (bytes < 1 || bytes > MAX_CHUNK_BYTES) {
            throw CliException.usage(option + " " + bytes + " is not 1 byte to 64 MiB", "256KiB is a full batch");
        }
    }
}
