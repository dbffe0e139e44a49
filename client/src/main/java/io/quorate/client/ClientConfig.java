/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.time.Duration;
import java.util.List;

/**
 * @param bootstrap       host:port of at least one node
 * @param requestTimeout  deadline of a metadata request, and of an append unless the producer says otherwise
 * @param initialBackoff  first pause before a retry; doubles, with jitter
 * @param maxBackoff      longest pause between two retries
 */
public record ClientConfig(
        List<String> bootstrap, Duration requestTimeout, Duration initialBackoff, Duration maxBackoff) {
    public static ClientConfig of(List<String> bootstrap) {
        return new ClientConfig(bootstrap, Duration.ofSeconds(10), Duration.ofMillis(20), Duration.ofSeconds(1));
    }
}
