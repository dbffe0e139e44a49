/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Decides, before the first logger exists, who logs. A server logs through logback. A client verb prints what its user
 * must know by itself: without {@code --verbose} its libraries are silent, and logback, which takes longer to start than
 * most verbs take to run, is not even loaded.
 */
final class Logging {
    private static final String SILENT_PROVIDER = "org.slf4j.helpers.NOP_FallbackServiceProvider";

    private Logging() {}

    static void prepare(List<String> arguments) {
        boolean verbose = arguments.contains("-v") || arguments.contains("--verbose");
        boolean server = !arguments.isEmpty() && arguments.get(0).equals("server");
        boolean training = !arguments.isEmpty() && arguments.get(0).equals("training");
        if (training) {
            System.setProperty("QUORATE_LOGLEVEL", "WARN");
        } else if (!server && !verbose) {
            System.setProperty("slf4j.internal.verbosity", "WARN");
            System.setProperty("slf4j.provider", SILENT_PROVIDER);
        }
        // gRPC logs through java.util.logging; its warnings about peers that are gone are our own business.
        Logger.getLogger("").setLevel(verbose ? Level.INFO : server ? Level.SEVERE : Level.OFF);
    }
}
