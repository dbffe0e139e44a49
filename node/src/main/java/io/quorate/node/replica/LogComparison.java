/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.SegmentInfo;
import io.quorate.node.seam.EventLoop;
import io.quorate.node.seam.PeerMessage;
import io.quorate.raft.log.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the replica that has other entries than most of its group, under right checksums: by the digest of a range that all
 * have applied, so that nothing may differ.
 *
 * <pre>
 *   leader:  verified a segment ──digest request──► all others ──replies, or time──► most agree? who does not is told
 *   told:    digest is another one indeed ──► those entries count as damaged, and are repaired from the others
 * </pre>
 *
 * One range at a time, read at the rate of a scrub, and only where that is on. Event loop only.
 */
final class LogComparison {
    private static final Logger LOG = LoggerFactory.getLogger(LogComparison.class);

    private static final long REPLY_TIMEOUT_NANOS = 5_000_000_000L;

    private final ReplicaHost host;
    private final Replica replica;
    private final SortedMap<NodeId, Long> digests = new TreeMap<>();
    private EventLoop.Timer timer = () -> {};
    private boolean underWay;
    private boolean reading;
    private long round;
    private long fromIndex;
    private long toIndex;

    LogComparison(ReplicaHost host, Replica replica) {
        this.host = host;
        this.replica = replica;
    }

    /** This replica has just verified a sealed segment: if it leads, it looks whether the others have the same. */
    void onVerified(SegmentInfo segment) {
        if (replica.isReadyLeader() && segment.lastIndex() <= replica.appliedIndex()) {
            compare(segment);
        }
    }

    private void compare(SegmentInfo segment) {
        List<NodeId> others = replica.otherNodes();
        long from = segment.baseIndex();
        long to = segment.lastIndex();
        if (underWay || others.isEmpty() || to - from >= PeerMessage.DIGEST_ENTRIES_MAX) {
            return;
        }
        underWay = true;
        round++;
        fromIndex = from;
        toIndex = to;
        digests.clear();
        digests.put(host.self(), segment.digest());
        for (NodeId other : others) {
            host.transport().send(other, new PeerMessage.DigestRequest(groupId(), round, from, to));
        }
        // The others read it at a rate like this node's, and may be reading something else as well.
        timer = host.loop().schedule(REPLY_TIMEOUT_NANOS + 2 * host.scrubs().nanosFor(segment.bytes()), this::judge);
    }

    void onMessage(NodeId from, PeerMessage.Repair message) {
        if (message instanceof PeerMessage.DigestRequest request) {
            answer(from, request);
        } else if (message instanceof PeerMessage.DigestReply reply) {
            onReply(from, reply);
        } else if (message instanceof PeerMessage.DigestVerdict verdict) {
            check(verdict);
        }
    }

    private long groupId() {
        return replica.name().groupId();
    }

    private void answer(NodeId from, PeerMessage.DigestRequest request) {
        if (reading || !host.scrubs().isOn() || request.toIndex() > replica.appliedIndex()) {
            return;
        }
        reading = true;
        new PacedDigest(host, replica, request.fromIndex(), request.toIndex(), found -> {
                    reading = false;
                    found.ifPresent(digest -> host.transport()
                            .send(from, new PeerMessage.DigestReply(groupId(), request.round(), digest)));
                })
                .start();
    }

    private void onReply(NodeId from, PeerMessage.DigestReply reply) {
        if (underWay && reply.round() == round && replica.otherNodes().contains(from)) {
            digests.put(from, reply.digest());
            if (digests.size() > replica.otherNodes().size()) {
                timer.cancel();
                judge();
            }
        }
    }

    private void judge() {
        underWay = false;
        int replicas = replica.otherNodes().size() + 1;
        Optional<Long> right = digests.values().stream()
                .filter(digest ->
                        digests.values().stream().filter(digest::equals).count() > replicas / 2)
                .findFirst();
        if (right.isEmpty()) {
            if (digests.values().stream().distinct().count() > 1) {
                LOG.error(
                        "{} on {}: replicas have different entries {} to {}, and no majority has the same: {}",
                        replica.name(),
                        host.self(),
                        fromIndex,
                        toIndex,
                        digests);
            }
            return;
        }
        digests.forEach((node, digest) -> {
            if (!digest.equals(right.get())) {
                PeerMessage.DigestVerdict verdict =
                        new PeerMessage.DigestVerdict(groupId(), fromIndex, toIndex, right.get());
                if (node.equals(host.self())) {
                    check(verdict);
                } else {
                    host.transport().send(node, verdict);
                }
            }
        });
    }

    /** Only what is found to be so here counts. */
    private void check(PeerMessage.DigestVerdict verdict) {
        if (reading || !host.scrubs().isOn() || verdict.toIndex() > replica.appliedIndex()) {
            return;
        }
        reading = true;
        new PacedDigest(host, replica, verdict.fromIndex(), verdict.toIndex(), own -> {
                    reading = false;
                    if (own.isPresent() && own.getAsLong() != verdict.digest()) {
                        setAside(verdict);
                    }
                })
                .start();
    }

    private void setAside(PeerMessage.DigestVerdict verdict) {
        if (!replica.isRunning() || replica.isBeingReplaced()) {
            // While the last of it was read: what is left of this range afterwards is compared again.
            return;
        }
        replica.access()
                .offload(
                        host.backgroundExecutor(),
                        log -> {
                            log.setAside(verdict.fromIndex(), verdict.toIndex());
                            return verdict;
                        },
                        done -> replica.checkForDamage(),
                        replica::onReadFailed);
    }
}
