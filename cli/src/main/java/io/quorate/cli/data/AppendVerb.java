/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ClientVerb;
import io.quorate.cli.base.ExitCode;
import io.quorate.cli.base.Progress;
import io.quorate.cli.data.LineReader.LineTooLongException;
import io.quorate.cli.output.Json;
import io.quorate.cli.output.OutputFormat;
import io.quorate.client.LogRecord;
import io.quorate.client.Producer;
import io.quorate.client.ProducerConfig;
import io.quorate.client.QuorateClient;
import io.quorate.client.QuorateException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "append",
        header = "Append lines of a file or of standard input, one record per line.",
        description = {
            "A line ends with a newline, which is not part of the record; every other byte is.",
            "An empty line is an empty record. What follows the last newline is one unless it is empty; it is marked, so that",
            "read gives back a file that does not end with a newline byte for byte.",
            "Records go to one partition by the hash of their key, or anywhere if they have none."
        })
public final class AppendVerb extends ClientVerb {
    /** Far above any limit of a cluster; the cluster's own limit is told by the client library. */
    private static final int MAX_LINE_BYTES = 16 << 20;

    @Parameters(index = "0", paramLabel = "TOPIC[/PARTITION]")
    private String target;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            defaultValue = "-",
            description = "Default: -, which is standard input.")
    private String file;

    @Option(
            names = {"-k", "--key-separator"},
            paramLabel = "SEP",
            description = "What precedes its first occurrence in a line is the key. A line without it has no key.")
    private String keySeparator;

    @Option(
            names = {"-P", "--partition"},
            paramLabel = "N",
            description = "Append everything to this partition.")
    private Integer partition;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "PLAIN",
            description = "How to print the summary: plain or json.")
    private OutputFormat format;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print no summary unless something fails.")
    private boolean quiet;

    public AppendVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        PartitionTarget where = PartitionTarget.parseWithoutOffset(target).withOption(partition);
        KeySeparator separator = keySeparator == null ? null : new KeySeparator(keySeparator);
        try (InputStream in = open()) {
            return append(where, separator, in);
        } catch (LineTooLongException e) {
            throw CliException.usage(e.getMessage(), "records end at newlines; is this a text file?");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int append(PartitionTarget where, KeySeparator separator, InputStream in) throws IOException {
        AckLedger ledger = new AckLedger(where.topic(), System::nanoTime);
        AtomicBoolean summarised = new AtomicBoolean();
        // SIGINT ends the JVM with 130; what was acknowledged until then is still worth knowing.
        Thread onInterrupt = new Thread(() -> printSummary(ledger, summarised, true), "quorate-summary");
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try (QuorateClient client = connect()) {
            // Known before anything is read: a typing error must not swallow somebody's input.
            client.admin().describeTopic(where.topic());
            send(client, where, separator, in, ledger);
        } finally {
            printSummary(ledger, summarised, ledger.firstError().isPresent());
        }
        ledger.firstError().ifPresent(error -> {
            throw CliException.of(error);
        });
        return ExitCode.OK;
    }

    private void send(
            QuorateClient client, PartitionTarget where, KeySeparator separator, InputStream in, AckLedger ledger)
            throws IOException {
        ProducerConfig defaults = ProducerConfig.DEFAULT;
        ProducerConfig config = new ProducerConfig(
                where.partition(),
                defaults.linger(),
                defaults.batchBytes(),
                defaults.maxBufferedBytes(),
                defaults.maxInflightBatches(),
                defaults.deliveryTimeout());
        try (Progress progress = new Progress(terminal(), ledger::progress)) {
            Producer producer = client.producer(where.topic(), config);
            try (producer) {
                LineReader lines = new LineReader(in, MAX_LINE_BYTES);
                for (byte[] line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (ledger.firstError().isPresent()) {
                        break; // what follows would be out of order
                    }
                    LogRecord record = separator == null ? LogRecord.of(line) : separator.split(line);
                    if (lines.lastWasUnterminated()) {
                        record = LineEnd.none(record);
                    }
                    ledger.onSend();
                    try {
                        producer.send(record, ledger);
                    } catch (QuorateException refused) {
                        ledger.onCompletion(null, refused);
                    }
                    progress.tick();
                }
                producer.flush();
            }
        }
    }

    private void printSummary(AckLedger ledger, AtomicBoolean summarised, boolean evenIfQuiet) {
        if (!summarised.compareAndSet(false, true) || quiet && !evenIfQuiet) {
            return;
        }
        if (format == OutputFormat.JSON) {
            terminal().println(Json.write(ledger.json()));
        } else {
            ledger.summary().forEach(terminal()::println);
        }
        terminal().flush();
    }

    private InputStream open() throws IOException {
        if (file.equals("-")) {
            return terminal().in();
        }
        Path path = context.workingDirectory().resolve(file);
        if (Files.isDirectory(path)) {
            throw CliException.usage(path + " is a directory", "name a file, or - for standard input");
        }
        try {
            return Files.newInputStream(path);
        } catch (NoSuchFileException e) {
            throw new CliException(ExitCode.NOT_FOUND, "NO_SUCH_FILE", "there is no file " + path, "", e);
        }
    }
}
