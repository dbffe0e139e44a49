/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How a node of a dev cluster is started: a JVM like this one, on the same class path, that runs
 * {@code quorate server}.
 *
 * @param id         of the node
 * @param configFile its configuration
 * @param log        where its output goes, after what is there
 * @param heap       for {@code -Xmx}
 * @param jvmOptions more options for its JVM
 */
record NodeProcess(int id, Path configFile, Path log, String heap, List<String> jvmOptions) {
    /** Java warns about native libraries since 22 and about sun.misc.Unsafe since 23, unless told to be quiet. */
    private static final int WARNS_OF_NATIVE_ACCESS = 22;

    private static final int WARNS_OF_UNSAFE = 23;

    /**
     * Twice the defaults, as bin/quorate has them: three nodes that start at once on two cores would spend more time on
     * compiling with C2 what only the start needs than on starting. Measured in docs/performance.md.
     */
    private static final List<String> LATER_C2 = List.of(
            "-XX:Tier4InvocationThreshold=10000",
            "-XX:Tier4MinInvocationThreshold=1200",
            "-XX:Tier4CompileThreshold=30000",
            "-XX:Tier4BackEdgeThreshold=80000");

    private static final int LOG_TAIL_BYTES = 4 << 10;

    Process start() {
        ProcessBuilder builder = new ProcessBuilder(command());
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        Map<String, String> environment = builder.environment();
        // Settings of the user's own node would win over the file that this one is started with.
        environment.keySet().removeIf(name -> name.startsWith("QUORATE_") && !name.equals("QUORATE_LOGLEVEL"));
        // As bin/quorate does for a server: what is written to the disk may lie in large pages.
        environment.putIfAbsent("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<String> command() {
        int javaVersion = Runtime.version().feature();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + heap);
        command.add("-XX:+UseSerialGC");
        command.add("-XX:+ExitOnOutOfMemoryError");
        command.addAll(LATER_C2);
        command.add("-Xlog:disable");
        command.add("-Dio.grpc.netty.shaded.io.netty.leakDetection.level=disabled");
        if (javaVersion >= WARNS_OF_NATIVE_ACCESS) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        if (javaVersion >= WARNS_OF_UNSAFE) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        String archive = System.getProperty("quorate.cds");
        if (archive != null) {
            command.add("-XX:SharedArchiveFile=" + archive);
        }
        command.addAll(jvmOptions);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("io.quorate.cli.Main");
        command.add("server");
        command.add("--config");
        command.add(configFile.toString());
        return command;
    }

    /** The last lines that it printed. */
    List<String> lastLines(int count) {
        try {
            byte[] bytes = Files.readAllBytes(log);
            int from = Math.max(0, bytes.length - LOG_TAIL_BYTES);
            List<String> lines = new String(bytes, from, bytes.length - from, java.nio.charset.StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return lines.subList(Math.max(0, lines.size() - count), lines.size());
        } catch (IOException e) {
            return List.of();
        }
    }
}
