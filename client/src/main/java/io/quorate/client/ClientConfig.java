/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.List;

/**
 * How a client finds its cluster and how long it tries.
 *
 * @param bootstrap       host:port of at least one node
 * @param requestTimeout  deadline of a metadata request, and of an append unless the producer says otherwise
 * @param initialBackoff  first pause before a retry; doubles, with jitter
 * @param maxBackoff      longest pause between two retries
 */
public record ClientConfig(
        List<String> bootstrap, Duration requestTimeout, Duration initialBackoff, Duration maxBackoff) {
    public ClientConfig {
        bootstrap = bootstrap.stream()
                .map(address -> HostAndPort.parse(address).toString())
                .toList();
        if (bootstrap.isEmpty()) {
            throw new IllegalArgumentException("no bootstrap address: at least one host:port is needed");
        }
        requirePositive("requestTimeout", requestTimeout);
        requirePositive("initialBackoff", initialBackoff);
        requirePositive("maxBackoff", maxBackoff);
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be more than 0");
        }
    }

    /** The defaults: 10 s for a request, pauses from 20 ms to 1 s. */
    public static ClientConfig of(List<String> bootstrap) {
        return new ClientConfig(bootstrap, Duration.ofSeconds(10), Duration.ofMillis(20), Duration.ofSeconds(1));
    }
}
