/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import io.quorate.logstore.StoreLifeRun;
import io.quorate.logstore.StoreProperty;
import io.quorate.raft.ProtocolProperty;
import io.quorate.raft.RandomScheduleRun;
import io.quorate.sim.check.Invariant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What a mutant can be hunted with: how much of the system it runs, and what it can find broken. */
enum Harness {
    /** Whole clusters and their clients: nodes, network, disks. */
    CLUSTER(SeedRun.class, Invariant.values()),
    /** Groups of Raft cores only, over disks in memory: hundreds of times as many schedules in the same time. */
    CORE(RandomScheduleRun.class, ProtocolProperty.values()),
    /** One log store over a disk that loses power, rots, or takes what was meant for another log. */
    STORE(StoreLifeRun.class, StoreProperty.values());

    private final Class<?> world;
    private final List<String> properties;

    Harness(Class<?> world, Enum<?>[] properties) {
        this.world = world;
        this.properties = Arrays.stream(properties).map(Enum::name).toList();
    }

    /** The class that does one run by its seed, to be loaded anew in each mutant's world. */
    String className() {
        return world.getName();
    }

    /** Names that may end a run. */
    List<String> properties() {
        return properties;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
