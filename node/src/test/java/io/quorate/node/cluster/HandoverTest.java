/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.plain;
import static io.quorate.node.cluster.VirtualCluster.send;
import static io.quorate.node.cluster.VirtualCluster.target;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.AppendTarget;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("While a partition is handed over, an append")
class HandoverTest {
    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition partition = cluster.topic("orders");
    private final VirtualNode leader = cluster.leader(partition);

    private List<VirtualCluster.Append> sendOneEachMilli(AppendTarget target, int count) {
        List<VirtualCluster.Append> appends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            appends.add(send(target, plain("number " + i)));
            cluster.run(1);
        }
        return appends;
    }

    @Test
    @DisplayName("is not refused before it is known who takes it: its refusal names the new leader and its address")
    void refusalNamesTheNewLeader() {
        AppendTarget target = target(leader, partition);
        send(target, plain("before"));
        leader.stop(() -> {});
        List<VirtualCluster.Append> appends = sendOneEachMilli(target, 20);
        cluster.run(200);
        int refused = 0;
        for (VirtualCluster.Append append : appends) {
            assertTrue(append.isAnswered(), append::toString);
            if (append.refusal != null && append.refusal.reason() != Reason.SHUTTING_DOWN) {
                refused++;
                assertEquals(Reason.NOT_LEADER, append.refusal.reason(), append::toString);
                assertNotNull(append.refusal.metadata().get("leader_address"), append::toString);
            }
        }
        assertTrue(refused > 0, "the handover took no time at all");
    }

    @Test
    @DisplayName("is answered all the same if the handover comes to nothing")
    void answeredAfterAll() {
        AppendTarget target = target(leader, partition);
        cluster.all().stream().filter(node -> node != leader).forEach(node -> cluster.network()
                .isolate(node.id()));
        leader.stop(() -> {});
        List<VirtualCluster.Append> appends = sendOneEachMilli(target, 5);
        appends.forEach(append -> assertFalse(append.isAnswered(), append::toString));
        cluster.all().stream().filter(node -> node != leader).forEach(node -> cluster.network()
                .heal(node.id()));
        cluster.run(3_000);
        appends.forEach(append -> assertTrue(append.isAnswered(), append::toString));
    }
}
