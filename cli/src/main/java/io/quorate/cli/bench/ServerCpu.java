/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.bench;

import io.quorate.cli.local.DevState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Processor time of the nodes of a dev cluster, if that is what is asked. */
final class ServerCpu {
    private final Map<Long, Long> nanosByPid;

    private ServerCpu(Map<Long, Long> nanosByPid) {
        this.nanosByPid = nanosByPid;
    }

    /** @param bootstrap where the run sends to; nothing is known unless these are nodes of {@code dev} */
    static ServerCpu now(Optional<DevState> dev, List<String> bootstrap) {
        Map<Long, Long> nanos = new TreeMap<>();
        if (dev.isPresent() && dev.get().clientAddresses().containsAll(bootstrap)) {
            for (DevState.Node node : dev.get().nodes()) {
                node.process()
                        .handle()
                        .flatMap(handle -> handle.info().totalCpuDuration())
                        .map(Duration::toNanos)
                        .ifPresent(used -> nanos.put(node.process().pid(), used));
            }
        }
        return new ServerCpu(nanos);
    }

    /** Seconds used since {@code begin}; empty if nothing is known or a node ended in between. */
    OptionalDouble secondsSince(ServerCpu begin) {
        if (nanosByPid.isEmpty() || !nanosByPid.keySet().equals(begin.nanosByPid.keySet())) {
            return OptionalDouble.empty();
        }
        long nanos = 0;
        for (Map.Entry<Long, Long> process : nanosByPid.entrySet()) {
            nanos += process.getValue() - begin.nanosByPid.get(process.getKey());
        }
        return OptionalDouble.of(nanos / 1e9);
    }
}
