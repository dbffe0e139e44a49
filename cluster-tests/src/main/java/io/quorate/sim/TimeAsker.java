/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.NodeApi;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.Result;
import io.quorate.raft.Prng;
import io.quorate.raft.log.LogEntry;
import io.quorate.sim.check.GroupOracle;
import io.quorate.sim.check.Invariant;
import java.util.List;

/**
 * Asks any node where a partition's records of some time begin, while clocks are set forwards and back: whoever reads from
 * there on misses none.
 */
final class TimeAsker {
    private static final int PAUSE_MILLIS_MAX = 150;

    private final SimulatedPartition partition;
    private final GroupOracle oracle;
    private final Clients clients;
    private final Prng prng;
    private boolean finished;

    TimeAsker(SimulatedPartition partition, Clients clients, Prng prng) {
        this.partition = partition;
        this.oracle = clients.checker().oracle(partition.groupId());
        this.clients = clients;
        this.prng = prng;
    }

    void start() {
        if (finished) {
            return;
        }
        List<LogEntry> records = oracle.records();
        if (!records.isEmpty()) {
            long some = records.get(prng.nextInt(records.size())).timestampMillis();
            long millis = some + prng.nextInt(3) - 1;
            clients.connect(0, prng).call(api -> ask(api, millis));
        }
        clients.time().schedule(1_000_000L * (1 + prng.nextInt(PAUSE_MILLIS_MAX)), "time-pause", this::start);
    }

    void finish() {
        finished = true;
    }

    /** On the node's loop. */
    private void ask(NodeApi api, long millis) {
        api.findOffset(partition.name(), millis, ReadConsistency.LOCAL, answer -> {
            if (answer instanceof Result.Ok<FoundOffset> ok) {
                judge(millis, ok.value());
            }
        });
    }

    private void judge(long millis, FoundOffset found) {
        clients.sightings().met(RareState.FOUND_BY_TIME);
        for (LogEntry entry : oracle.records()) {
            boolean isKept = entry.baseOffset() >= found.marks().lowWatermark();
            if (isKept && entry.baseOffset() < found.offset() && entry.timestampMillis() >= millis) {
                clients.verdict()
                        .require(
                                false,
                                Invariant.FOUND_TIME_MISSES_NOTHING,
                                "the records of " + partition.name() + " since " + millis + " ms begin at " + found
                                        + ", but " + entry + " came at " + entry.timestampMillis());
            }
        }
    }
}
