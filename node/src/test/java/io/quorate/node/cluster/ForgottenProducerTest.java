/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.batch;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.node.replica.ProducerTable;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Promise P4 where the memory for it ends. */
@DisplayName("A producer after which as many others have appended as a partition remembers")
class ForgottenProducerTest {
    private static final long FIRST = 1;
    private static final long SECOND = 2;
    private static final int AT_ONCE = 250;

    private final VirtualCluster cluster = VirtualCluster.started(1);
    private final TopicPartition orders = cluster.topic("orders");

    /** One batch each, of producers with these ids. */
    private void append(long firstId, long endId) {
        AppendTarget target = target(cluster.leader(orders), orders);
        for (long from = firstId; from < endId; from += AT_ONCE) {
            List<VirtualCluster.Append> under = new ArrayList<>();
            for (long id = from; id < Math.min(endId, from + AT_ONCE); id++) {
                under.add(send(target, batch(id, 0, 0, "x")));
            }
            cluster.await("answers", () -> under.stream().allMatch(VirtualCluster.Append::isAnswered));
            under.forEach(append -> assertNull(append.refusal));
        }
    }

    /** Its first batch, which may have got into the log at this offset or behind it. */
    private VirtualCluster.Append retry(long id, long triedSince) {
        VirtualCluster.Append append = new VirtualCluster.Append();
        target(cluster.leader(orders), orders).append(batch(id, 0, 0, "x"), OptionalLong.of(triedSince), append);
        cluster.await("an answer to a retry", append::isAnswered);
        return append;
    }

    @Test
    @DisplayName("and that was not among them is taken for what it is: the first attempt was lost")
    void lostAttempt() {
        append(FIRST, ProducerTable.MAX_PRODUCERS + 2);
        long began = target(cluster.leader(orders), orders).nextOffset();

        VirtualCluster.Append retry = retry(ProducerTable.MAX_PRODUCERS + 2, began);

        assertNull(retry.refusal);
        assertEquals(began, retry.baseOffset);
    }

    @Test
    @DisplayName(
            "is told so, also by a node that has started again meanwhile; the one that appended after it is remembered")
    void isToldSo() {
        long began = target(cluster.leader(orders), orders).nextOffset();
        append(FIRST, ProducerTable.MAX_PRODUCERS + 1);
        VirtualCluster.Append retry = cluster.append(orders, batch(FIRST, 0, 0, "x"));
        assertTrue(retry.duplicate, "still remembered: " + retry.refusal);
        assertEquals(0, retry.baseOffset);

        append(ProducerTable.MAX_PRODUCERS + 1, ProducerTable.MAX_PRODUCERS + 2);

        for (int starts = 0; starts < 2; starts++) {
            VirtualCluster.Append next = cluster.append(orders, batch(FIRST, 0, 1, "y"));
            assertEquals(Reason.UNKNOWN_PRODUCER, next.refusal.reason());
            assertEquals(Reason.UNKNOWN_PRODUCER, retry(FIRST, began).refusal.reason());
            assertEquals(Reason.UNKNOWN_PRODUCER, retry(FIRST, 0).refusal.reason());
            assertTrue(retry(SECOND, began).duplicate);
            cluster.node(1).crash();
            cluster.node(1).start();
        }
    }
}
