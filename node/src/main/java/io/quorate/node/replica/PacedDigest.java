/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.DigestPart;
import io.quorate.logstore.LogStore;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Takes the digest of a range of entries a piece at a time, at the rate of {@link ScrubPace}: who asks for it is another
 * node, and the range is its choice. Event loop only; the reading is done beside it.
 */
final class PacedDigest {
    private final ReplicaHost host;
    private final Replica replica;
    private final long toIndex;
    private final Consumer<OptionalLong> onDone;
    private long nextIndex;
    private long digest = LogStore.DIGEST_OF_NOTHING;

    /** @param onDone told the digest; or nothing, if the log does not hold all of the range, or cannot be read */
    PacedDigest(ReplicaHost host, Replica replica, long fromIndex, long toIndex, Consumer<OptionalLong> onDone) {
        this.host = host;
        this.replica = replica;
        this.nextIndex = fromIndex;
        this.toIndex = toIndex;
        this.onDone = onDone;
    }

    /** Begins when what was read before allows it. */
    void start() {
        host.loop().schedule(host.scrubs().nanosUntilFree(), this::step);
    }

    private void step() {
        if (!replica.isRunning() || replica.isBeingReplaced()) {
            onDone.accept(OptionalLong.empty());
            return;
        }
        long from = nextIndex;
        long before = digest;
        replica.access()
                .offload(
                        host.backgroundExecutor(),
                        log -> log.digest(from, toIndex, before, ScrubPace.STEP_BYTES),
                        this::onPart,
                        fault -> {
                            onDone.accept(OptionalLong.empty());
                            replica.onReadFailed(fault);
                        });
    }

    private void onPart(Optional<DigestPart> part) {
        if (part.isEmpty()) {
            onDone.accept(OptionalLong.empty());
            return;
        }
        digest = part.get().digest();
        nextIndex = part.get().nextIndex();
        long pauseNanos = host.scrubs().read(part.get().bytes());
        if (nextIndex > toIndex) {
            onDone.accept(OptionalLong.of(digest));
        } else {
            host.loop().schedule(pauseNanos, this::step);
        }
    }
}
