/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.cluster;

import static io.quorate.node.cluster.VirtualCluster.localTail;
import static io.quorate.node.cluster.VirtualCluster.open;
import static io.quorate.node.cluster.VirtualCluster.plain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.node.api.FoundOffset;
import io.quorate.node.api.Marks;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.ReadSpec;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.log.Payload;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("P3: linearizable reads of any replica")
class FollowerReadTest {
    private static final ReadConsistency ANY = ReadConsistency.LINEARIZABLE_ANY_REPLICA;

    /** To get an index, twice over, and to get there. */
    private static final long BOUND_MILLIS =
            8L * VirtualCluster.RAFT.electionTimeoutTicks() * VirtualCluster.TICK_MILLIS;

    private static final List<Reason> RETRYABLE = List.of(Reason.NO_LEADER, Reason.NO_QUORUM);

    private final VirtualCluster cluster = VirtualCluster.started(3);
    private final TopicPartition orders = cluster.topic("orders");
    private VirtualNode leader;
    private VirtualNode follower;

    @BeforeEach
    void settle() {
        cluster.append(orders, plain("first"));
        cluster.run(500);
        leader = cluster.leader(orders);
        follower = cluster.follower(orders);
    }

    private static ReadSpec from(long offset, boolean follow) {
        return new ReadSpec(new ReadSpec.From.Offset(offset), OptionalLong.empty(), 0, follow, ANY);
    }

    private VirtualCluster.Answer<Marks> askTail(VirtualNode node) {
        VirtualCluster.Answer<Marks> answer = new VirtualCluster.Answer<>();
        node.api().tail(orders, ANY, answer::take);
        return answer;
    }

    private Marks tail(VirtualNode node) {
        VirtualCluster.Answer<Marks> answer = askTail(node);
        cluster.await("an answer of " + node.id(), answer::isThere);
        return answer.value();
    }

    /** Of a node that cannot know; it must say so in time. */
    private Refusal refusedTail(VirtualNode node) {
        long before = cluster.nowMillis();
        VirtualCluster.Answer<Marks> answer = askTail(node);
        cluster.await("an answer of " + node.id(), answer::isThere);
        long millis = cluster.nowMillis() - before;
        assertTrue(millis <= BOUND_MILLIS, () -> "refused after " + millis + " ms");
        assertTrue(answer.refusal().retryAfterMillis() >= 0, () -> "not to be asked again: " + answer.refusal());
        return answer.refusal();
    }

    /** Acknowledged by the leader, and not yet known to be committed by the follower. */
    private void appendUnnoticed(Payload batch) {
        long offset = cluster.append(orders, batch).baseOffset;
        assertEquals(offset, marksOf(follower), "the follower lags");
    }

    private long marksOf(VirtualNode node) {
        return ((Result.Ok<Marks>) localTail(node, orders)).value().highWatermark();
    }

    @Test
    @DisplayName(
            "a follower tells where the log ends with what the leader has just acknowledged, in a round trip or two")
    void tailSeesWhatWasAcknowledged() {
        appendUnnoticed(plain("second"));
        long before = cluster.nowMillis();

        assertEquals(2, tail(follower).highWatermark());

        assertTrue(cluster.nowMillis() - before < 20, () -> cluster.nowMillis() - before + " ms");
    }

    @Test
    @DisplayName("a follower hands over what the leader has just acknowledged, and ends there")
    void readSeesWhatWasAcknowledged() {
        appendUnnoticed(plain("second"));

        VirtualCluster.Collected read = cluster.read(follower, orders, from(0, false));

        assertEquals(List.of(plain("first"), plain("second")), read.batches());
        assertTrue(read.ended);
        assertEquals(2, read.marks.highWatermark());
    }

    @Test
    @DisplayName("a follower finds by time what the leader has just acknowledged")
    void findSeesWhatWasAcknowledged() {
        cluster.run(1_000);
        long since = cluster.currentTimeMillis();
        appendUnnoticed(plain("second"));
        VirtualCluster.Answer<FoundOffset> answer = new VirtualCluster.Answer<>();

        follower.api().findOffset(orders, since, ANY, answer::take);
        cluster.await("an answer", answer::isThere);

        assertEquals(1, answer.value().offset());
        assertEquals(2, answer.value().marks().highWatermark());
    }

    @Test
    @DisplayName("the leader answers too, when a majority has confirmed it")
    void leaderAnswers() {
        cluster.append(orders, plain("second"));

        assertEquals(2, tail(leader).highWatermark());
    }

    @Test
    @DisplayName("a follower that is cut off refuses in time, and answers when it is back")
    void cutOffFollower() {
        cluster.network().isolate(follower.id());
        cluster.append(orders, plain("second"));

        Reason reason = refusedTail(follower).reason();

        assertTrue(RETRYABLE.contains(reason), reason::toString);
        assertTrue(RETRYABLE.contains(refusedTail(follower).reason()), "once it campaigns");
        cluster.network().heal(follower.id());
        cluster.await("it follows again", () -> marksOf(follower) == 2);
        assertEquals(2, tail(follower).highWatermark());
    }

    @Test
    @DisplayName("a follower whose disk hangs gets an index but not there: it refuses in time, reads too")
    void followerThatCannotApply() {
        follower.hangDisk();
        cluster.append(orders, plain("second"));
        VirtualCluster.Collected read = open(follower, orders, from(0, false));

        Reason reason = refusedTail(follower).reason();

        assertEquals(Reason.NO_LEADER, reason);
        assertEquals(1, marksOf(follower));
        assertEquals(Reason.NO_LEADER, read.refusal.reason());
        assertEquals(List.of(), read.entries);
    }

    @Test
    @DisplayName("a leader that was replaced without knowing it refuses, and answers as a follower later")
    void deposedLeader() {
        cluster.network().isolate(leader.id());

        Reason reason = refusedTail(leader).reason();

        assertTrue(RETRYABLE.contains(reason), reason::toString);
        cluster.await("somebody else leads", () -> cluster.leader(orders) != leader);
        cluster.append(orders, plain("second"));
        assertTrue(RETRYABLE.contains(refusedTail(leader).reason()));
        cluster.network().heal(leader.id());
        cluster.await("it follows", () -> marksOf(leader) == 2);
        assertEquals(2, tail(leader).highWatermark());
    }

    @Test
    @DisplayName("a replica without a leader refuses in time")
    void noLeader() {
        cluster.all().stream().filter(node -> node != follower).forEach(VirtualNode::crash);

        refusedTail(follower);
        cluster.run(2_000);

        assertEquals(Reason.NO_QUORUM, refusedTail(follower).reason());
    }

    @Test
    @DisplayName(
            "a question to the leader that dies with it is refused in time, and answered when there is another one")
    void leaderDiesMeanwhile() {
        VirtualCluster.Answer<Marks> asked = askTail(follower);
        leader.crash();
        cluster.await("an answer", asked::isThere);
        assertTrue(RETRYABLE.contains(asked.refusal().reason()), () -> asked.refusal()
                .toString());

        cluster.leader(orders);

        assertEquals(1, tail(follower).highWatermark());
    }

    @Test
    @DisplayName("a read that follows begins with what was acknowledged, and goes on when leaders come and go")
    void followsOverLeaders() {
        appendUnnoticed(plain("second"));
        VirtualCluster.Collected read = open(follower, orders, from(0, true));
        cluster.await("both batches", () -> read.entries.size() == 2);

        leader.crash();
        cluster.append(orders, plain("third"));
        cluster.await("the third", () -> read.entries.size() == 3);

        assertEquals(List.of(plain("first"), plain("second"), plain("third")), read.batches());
        assertEquals(null, read.refusal);
    }

    @Test
    @DisplayName("a read that waits for its index ends with the node, and is told so")
    void nodeStops() {
        cluster.network().isolate(follower.id());
        VirtualCluster.Collected read = open(follower, orders, from(0, false));
        VirtualCluster.Answer<Marks> tail = askTail(follower);

        follower.stop(() -> {});
        cluster.await("answers", () -> read.refusal != null && tail.isThere());

        List<Reason> reasons = List.of(Reason.SHUTTING_DOWN, Reason.NO_LEADER, Reason.NO_QUORUM);
        assertTrue(reasons.contains(read.refusal.reason()), () -> read.refusal.toString());
        assertTrue(
                reasons.contains(tail.refusal().reason()), () -> tail.refusal().toString());
    }
}
