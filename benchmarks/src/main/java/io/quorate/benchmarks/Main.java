/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.benchmarks;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** {@code flush} and {@code recovery} measure the disk and what is over it; everything else goes to JMH. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
        List<String> rest = Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length);
        switch (arguments.length == 0 ? "" : arguments[0]) {
            case "flush" -> FlushBenchmark.run(rest);
            case "recovery" -> RecoveryBenchmark.run(rest);
            case "recovery-open" -> RecoveryBenchmark.open(rest);
            default -> org.openjdk.jmh.Main.main(arguments);
        }
    }
}
