/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CoreFixture.ELECTION_TIMEOUT;
import static io.quorate.raft.CoreFixture.HEARTBEAT;
import static io.quorate.raft.CoreFixture.N2;
import static io.quorate.raft.CoreFixture.N3;
import static io.quorate.raft.CoreFixture.append;
import static io.quorate.raft.CoreFixture.entry;
import static io.quorate.raft.CoreFixture.events;
import static io.quorate.raft.CoreFixture.follower;
import static io.quorate.raft.CoreFixture.heartbeat;
import static io.quorate.raft.CoreFixture.id;
import static io.quorate.raft.CoreFixture.leader;
import static io.quorate.raft.CoreFixture.persistAll;
import static io.quorate.raft.CoreFixture.sent;
import static io.quorate.raft.CoreFixture.tick;
import static io.quorate.raft.CoreFixture.tickUntilCampaign;
import static io.quorate.raft.CoreFixture.to;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.GroupSnapshot;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.SnapshotId;
import io.quorate.raft.message.AppendAccepted;
import io.quorate.raft.message.AppendRejected;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.HeartbeatResponse;
import io.quorate.raft.message.InstallSnapshot;
import io.quorate.raft.message.SnapshotReceived;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Snapshots (§7)")
class SnapshotTest {
    private static final int CHUNK = 100;
    private static final RaftConfig SMALL_CHUNKS =
            new RaftConfig(ELECTION_TIMEOUT, HEARTBEAT, CHUNK, 1_000_000, 100, 1_000_000, 1_000_000);

    private static GroupSnapshot snapshot(long term, long index, int bytes) {
        byte[] state = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            state[i] = (byte) (i * 31);
        }
        return new GroupSnapshot(
                id(term, index), 7, Payload.wrap(state), CoreFixture.voters(3).encode());
    }

    private static InstallSnapshot piece(long term, GroupSnapshot snapshot, int from, int to) {
        Payload chunk = Payload.wrap(snapshot.state().array(), from, to - from);
        return new InstallSnapshot(
                term,
                SnapshotId.of(snapshot),
                snapshot.nextOffset(),
                snapshot.membership(),
                from,
                chunk,
                SnapshotId.checksumOf(chunk));
    }

    // ---------------------------------------------------------------------------------------------------- leader

    /** Leads term 2 with entries 1 to 4, all applied; its log begins at 4. n2 has everything, n3 nothing is known of. */
    private static RaftCore trimmedLeader() {
        RaftCore core = leader(SMALL_CHUNKS, 3, 1, 1, 1);
        core.step(N2, new AppendAccepted(2, 4));
        core.applied(core.drain().commitIndex());
        core.snapshotTaken(id(1, 3));
        core.prefixTrimmed(4);
        return core;
    }

    private static List<InstallSnapshot> pieces(Outputs outputs) {
        return sent(outputs.sendNow(), N3, InstallSnapshot.class);
    }

    /** n3 lacks what was cut; the leader has begun to load a snapshot for it. */
    private static RaftCore leaderThatLoads() {
        RaftCore core = trimmedLeader();
        core.step(N3, new AppendRejected(2, 3, EntryId.NONE));
        Outputs outputs = core.drain();
        assertEquals(List.of(new SnapshotLoad(N3, id(1, 3))), outputs.snapshotLoads());
        assertEquals(List.of(new RaftEvent.FollowerNeedsSnapshot(2, N3, 1, 4)), outputs.events());
        return core;
    }

    @Test
    @DisplayName("a follower that lacks what was cut is sent a snapshot, piece by piece, as far as it says it has come")
    void sendsPieces() {
        RaftCore core = leaderThatLoads();
        GroupSnapshot snapshot = snapshot(1, 3, 250);
        core.snapshotLoaded(N3, Optional.of(snapshot));
        assertEquals(List.of(piece(2, snapshot, 0, 100)), pieces(core.drain()));
        assertFalse(core.hasOutputs(), "one piece is on its way");
        core.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot), 100));
        assertEquals(List.of(piece(2, snapshot, 100, 200)), pieces(core.drain()));
        core.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot), 200));
        assertEquals(List.of(piece(2, snapshot, 200, 250)), pieces(core.drain()));
        assertTrue(core.followers().get(1).installing());
        core.step(N3, new AppendAccepted(2, 3));
        assertFalse(core.followers().get(1).installing());
        assertEquals(
                4,
                sent(core.drain().sendNow(), N3, AppendRequest.class)
                        .get(0)
                        .entries()
                        .get(0)
                        .index());
    }

    @Test
    @DisplayName("what the follower has from an earlier leader is not sent again")
    void resumes() {
        RaftCore core = leaderThatLoads();
        GroupSnapshot snapshot = snapshot(1, 3, 250);
        core.snapshotLoaded(N3, Optional.of(snapshot));
        core.drain();
        core.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot), 200));
        assertEquals(List.of(piece(2, snapshot, 200, 250)), pieces(core.drain()));
    }

    @Test
    @DisplayName("a piece is repeated when a later heartbeat is answered, or the connection broke; progress is kept")
    void repeats() {
        RaftCore core = leaderThatLoads();
        GroupSnapshot snapshot = snapshot(1, 3, 250);
        core.snapshotLoaded(N3, Optional.of(snapshot));
        core.drain();
        core.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot), 100));
        core.drain();
        core.step(N3, new HeartbeatResponse(2, 0));
        assertEquals(List.of(), pieces(core.drain()));
        tick(core, HEARTBEAT);
        core.drain();
        core.step(N3, new HeartbeatResponse(2, 1));
        assertEquals(List.of(piece(2, snapshot, 100, 200)), pieces(core.drain()));
        core.disconnected(N3);
        assertEquals(List.of(piece(2, snapshot, 100, 200)), pieces(core.drain()));
    }

    @Test
    @DisplayName("a snapshot that cannot be read, or is older than the log's beginning, is asked for again later")
    void loadFails() {
        for (Optional<GroupSnapshot> useless :
                List.of(Optional.<GroupSnapshot>empty(), Optional.of(snapshot(1, 2, 9)))) {
            RaftCore core = leaderThatLoads();
            core.snapshotLoaded(N3, useless);
            assertEquals(List.of(), core.drain().snapshotLoads());
            tick(core, HEARTBEAT);
            assertEquals(1, core.drain().snapshotLoads().size());
        }
    }

    @Test
    @DisplayName("without a snapshot a follower that lacks what was cut can only be probed")
    void noSnapshot() {
        RaftCore core = leader(1, 1);
        core.step(N3, new AppendRejected(2, 2, EntryId.NONE));
        core.step(N3, new AppendRejected(2, 0, EntryId.NONE));
        assertEquals(List.of(), core.drain().snapshotLoads());
        core.snapshotLoaded(N3, Optional.of(snapshot(1, 2, 9)));
        assertEquals(List.of(), pieces(core.drain()), "nobody asked for it");
    }

    @Test
    @DisplayName("a log is cut only as far as a snapshot reaches, and a snapshot only of what is durable")
    void limits() {
        RaftCore core = trimmedLeader();
        assertThrows(InvariantViolation.class, () -> core.prefixTrimmed(5));
        assertThrows(InvariantViolation.class, () -> core.snapshotTaken(id(2, 9)));
        assertEquals(4, core.firstIndex());
    }

    @Test
    @DisplayName("a member that starts from a snapshot counts what is in it as committed, and gives it to others")
    void startsFromSnapshot() {
        RaftCore core = follower(1, 1, 1);
        core.snapshotTaken(id(1, 2));
        assertEquals(2, core.commitIndex());
        assertEquals(2, core.drain().commitIndex());
        core.step(N2, append(1, id(1, 1), 0, entry(9, 2)));
        assertEquals(3, core.lastIndex(), "nobody can cut what is in a snapshot");
    }

    // -------------------------------------------------------------------------------------------------- follower

    private static RaftCore followerWithSomeEntries() {
        RaftCore core = follower(1, 1);
        core.step(N2, heartbeat(2, 0));
        persistAll(core);
        return core;
    }

    @Test
    @DisplayName("a follower gathers pieces, says how far it is, and replaces its log in one write when all are there")
    void installs() {
        RaftCore core = followerWithSomeEntries();
        GroupSnapshot snapshot = snapshot(2, 9, 250);
        core.step(N2, piece(2, snapshot, 0, 100));
        assertEquals(
                List.of(to(N2, new SnapshotReceived(2, SnapshotId.of(snapshot), 100))),
                core.drain().sendNow());
        core.step(N2, piece(2, snapshot, 100, 250));
        assertEquals(9, core.commitIndex());
        Outputs outputs = core.drain();
        assertEquals(Optional.of(snapshot), outputs.persist().replacement());
        assertEquals(List.of(), outputs.sendNow());
        assertEquals(List.of(to(N2, new AppendAccepted(2, 9))), outputs.sendAfterPersist());
        assertEquals(Optional.empty(), outputs.restore(), "not before it is durable");
        assertEquals(0, outputs.commitIndex());
        assertEquals(0, core.durableIndex());
        core.persisted(outputs.persist().sequence());
        Outputs durable = core.drain();
        assertEquals(Optional.of(snapshot), durable.restore());
        assertEquals(9, durable.commitIndex());
        core.applied(9);
        assertEquals(10, core.firstIndex());
        assertEquals(7, core.nextOffset());
        core.step(N2, append(2, id(2, 9), 9));
        assertEquals(List.of(to(N2, new AppendAccepted(2, 9))), core.drain().sendNow());
    }

    @Test
    @DisplayName(
            "entries that follow are taken while the snapshot is on its way to the disk, and acknowledged after it")
    void entriesWhileInstalling() {
        RaftCore core = followerWithSomeEntries();
        core.step(N2, piece(2, snapshot(2, 9, 10), 0, 10));
        long snapshotWrite = core.drain().persist().sequence();
        core.step(
                N2,
                new AppendRequest(
                        2, id(2, 9), List.of(new LogEntry(id(2, 10), EntryType.COMMAND, 7, 0, 0, Payload.EMPTY)), 9));
        Outputs outputs = core.drain();
        assertEquals(List.of(to(N2, new AppendAccepted(2, 10))), outputs.sendAfterPersist());
        core.persisted(snapshotWrite);
        assertEquals(9, core.durableIndex());
        core.persisted(outputs.persist().sequence());
        assertEquals(10, core.durableIndex());
    }

    @Test
    @DisplayName("a write that was in flight when the log was replaced vouches for nothing of the new one")
    void abaOfReplacement() {
        RaftCore core = followerWithSomeEntries();
        core.step(N2, append(2, id(1, 2), 0, entry(2, 3), entry(2, 4)));
        long former = core.drain().persist().sequence();
        core.step(N2, piece(2, snapshot(2, 9, 10), 0, 10));
        core.drain();
        core.persisted(former);
        assertEquals(0, core.durableIndex());
        assertEquals(Optional.empty(), core.drain().restore(), "the snapshot is not on the disk yet");
    }

    @Test
    @DisplayName("lost, doubled and overtaking pieces do no harm")
    void disorder() {
        RaftCore core = followerWithSomeEntries();
        GroupSnapshot snapshot = snapshot(2, 9, 250);
        int[][] order = {{100, 200}, {0, 100}, {0, 100}, {50, 150}, {200, 250}, {150, 250}};
        long[] positions = {0, 100, 100, 150, 150};
        for (int i = 0; i < positions.length; i++) {
            core.step(N2, piece(2, snapshot, order[i][0], order[i][1]));
            assertEquals(
                    List.of(to(N2, new SnapshotReceived(2, SnapshotId.of(snapshot), positions[i]))),
                    core.drain().sendNow(),
                    "after piece " + i);
        }
        core.step(N2, piece(2, snapshot, 150, 250));
        assertEquals(Optional.of(snapshot), core.drain().persist().replacement());
    }

    @Test
    @DisplayName("the pieces of another leader of the same snapshot go on; those of another snapshot start anew")
    void anotherLeader() {
        RaftCore core = followerWithSomeEntries();
        GroupSnapshot snapshot = snapshot(2, 9, 250);
        core.step(N2, piece(2, snapshot, 0, 100));
        core.step(N3, piece(3, snapshot, 0, 0));
        assertEquals(
                List.of(new SnapshotReceived(3, SnapshotId.of(snapshot), 100)),
                sent(persistAll(core).sendAfterPersist(), N3, SnapshotReceived.class));
        GroupSnapshot newer = snapshot(2, 12, 250);
        core.step(N3, piece(3, newer, 0, 10));
        assertEquals(
                List.of(to(N3, new SnapshotReceived(3, SnapshotId.of(newer), 10))),
                core.drain().sendNow());
    }

    @Test
    @DisplayName("a snapshot of what is held or committed already is acknowledged, not installed")
    void alreadyThere() {
        RaftCore core = followerWithSomeEntries();
        core.step(N2, piece(2, snapshot(1, 2, 250), 0, 100));
        Outputs outputs = core.drain();
        assertEquals(List.of(to(N2, new AppendAccepted(2, 2))), outputs.sendNow());
        assertEquals(2, outputs.commitIndex());
        core.step(N2, piece(2, snapshot(1, 1, 250), 0, 100));
        assertEquals(List.of(to(N2, new AppendAccepted(2, 2))), core.drain().sendNow());
        assertEquals(2, core.lastIndex());
    }

    @Test
    @DisplayName("damaged, impossible and huge pieces are dropped; a whole that is damaged starts anew")
    void flaws() {
        GroupSnapshot snapshot = snapshot(2, 9, 250);
        SnapshotId id = SnapshotId.of(snapshot);
        Payload chunk = Payload.utf8("xyz");
        int crc = SnapshotId.checksumOf(chunk);
        List<InstallSnapshot> flawed = List.of(
                new InstallSnapshot(2, id, 7, Payload.EMPTY, 0, chunk, crc + 1),
                new InstallSnapshot(2, id, 7, Payload.EMPTY, -1, chunk, crc),
                new InstallSnapshot(2, id, 7, Payload.EMPTY, 248, chunk, crc),
                new InstallSnapshot(2, id, 7, Payload.EMPTY, 251, Payload.EMPTY, 0),
                new InstallSnapshot(2, new SnapshotId(id(2, 9), Long.MAX_VALUE, 0), 7, Payload.EMPTY, 0, chunk, crc),
                new InstallSnapshot(2, new SnapshotId(id(3, 9), 250, 0), 7, Payload.EMPTY, 0, chunk, crc));
        for (InstallSnapshot piece : flawed) {
            RaftCore core = followerWithSomeEntries();
            core.step(N2, piece);
            Outputs outputs = core.drain();
            assertEquals(1, events(outputs, RaftEvent.MessageDropped.class).size(), piece.toString());
            assertEquals(List.of(), outputs.sendNow());
        }
        RaftCore core = followerWithSomeEntries();
        SnapshotId wrong = new SnapshotId(id(2, 9), 3, crc + 1);
        core.step(N2, new InstallSnapshot(2, wrong, 7, Payload.EMPTY, 0, chunk, crc));
        assertEquals(
                List.of(to(N2, new SnapshotReceived(2, wrong, 0))), core.drain().sendNow());
    }

    @Test
    @DisplayName("who leads or asks for votes deals with pieces as with appends; old terms are told the newer one")
    void otherRoles() {
        RaftCore leading = leader(1);
        leading.step(N2, piece(2, snapshot(2, 9, 10), 0, 10));
        assertEquals(1, events(leading.drain(), RaftEvent.MessageDropped.class).size());
        leading.step(N2, piece(1, snapshot(1, 9, 10), 0, 10));
        assertEquals(
                List.of(new SnapshotReceived(2, SnapshotId.of(snapshot(1, 9, 10)), 0)),
                sent(leading.drain().sendNow(), N2, SnapshotReceived.class));
        RaftCore asking = follower(1);
        tickUntilCampaign(asking);
        asking.step(N2, piece(1, snapshot(1, 9, 10), 0, 10));
        assertEquals(RaftCore.Role.FOLLOWER, asking.role());
        assertEquals(9, asking.lastIndex());
        RaftCore following = followerWithSomeEntries();
        following.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot(1, 9, 10)), 3));
        assertFalse(following.hasOutputs(), "answers nothing that it asked");
    }

    @Test
    @DisplayName("an empty state machine has an empty snapshot, which is one piece")
    void emptyState() {
        RaftCore core = followerWithSomeEntries();
        core.step(N2, piece(2, snapshot(2, 9, 0), 0, 0));
        assertTrue(core.drain().persist().replacement().isPresent());
    }

    @Test
    @DisplayName("once all is there the follower is asked with the heartbeats, without bytes, whether it is installed")
    void asksWhetherInstalled() {
        RaftCore core = leaderThatLoads();
        GroupSnapshot snapshot = snapshot(1, 3, 50);
        core.snapshotLoaded(N3, Optional.of(snapshot));
        assertEquals(List.of(piece(2, snapshot, 0, 50)), pieces(core.drain()));
        core.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot), 50));
        assertEquals(List.of(), pieces(core.drain()));
        tick(core, HEARTBEAT);
        core.drain();
        core.step(N3, new HeartbeatResponse(2, 1));
        assertEquals(List.of(piece(2, snapshot, 50, 50)), pieces(core.drain()));
    }

    @Test
    @DisplayName("a follower that takes pieces is not silent")
    void piecesAreSignsOfLife() {
        RaftCore core = leaderThatLoads();
        GroupSnapshot snapshot = snapshot(1, 3, 250);
        core.snapshotLoaded(N3, Optional.of(snapshot));
        tick(core, HEARTBEAT);
        assertEquals(HEARTBEAT, core.followers().get(1).silentTicks());
        core.step(N3, new SnapshotReceived(2, SnapshotId.of(snapshot), 100));
        assertEquals(0, core.followers().get(1).silentTicks());
    }

    @Test
    @DisplayName("a snapshot of entries that are still on their way to the disk is a bug, and told so")
    void notOfWhatIsInFlight() {
        RaftCore core = leader(1);
        core.propose(CoreFixture.command(1));
        core.drain();
        assertThrows(InvariantViolation.class, () -> core.snapshotTaken(id(2, 3)));
    }

    @Test
    @DisplayName("the members that a snapshot names take the place of those that this one knew")
    void bringsMembership() {
        RaftCore core = followerWithSomeEntries();
        Membership five = CoreFixture.voters(5);
        GroupSnapshot snapshot = new GroupSnapshot(id(2, 9), 7, Payload.utf8("state"), five.encode());
        core.step(N2, piece(2, snapshot, 0, 5));
        assertEquals(five, core.membership());
        assertEquals(
                List.of(new RaftEvent.MembershipChanged(2, 9, five)),
                events(core.drain(), RaftEvent.MembershipChanged.class));
    }

    @Test
    @DisplayName("an installed snapshot is one that this member gives to others when it leads")
    void passesOn() {
        RaftCore core = followerWithSomeEntries();
        core.step(N2, piece(2, snapshot(2, 9, 10), 0, 10));
        persistAll(core);
        core.applied(core.drain().commitIndex());
        CoreFixture.elect(core);
        persistAll(core);
        core.step(N3, new AppendRejected(3, 9, EntryId.NONE));
        assertEquals(List.of(new SnapshotLoad(N3, id(2, 9))), core.drain().snapshotLoads());
    }

    @Test
    @DisplayName("who becomes leader needs the pieces of an earlier one no more, and keeps none")
    void leadersForgetPieces() {
        RaftCore core = followerWithSomeEntries();
        GroupSnapshot snapshot = snapshot(2, 9, 250);
        core.step(N2, piece(2, snapshot, 0, 100));
        core.drain();
        CoreFixture.elect(core);
        persistAll(core);
        assertEquals(RaftCore.Role.LEADER, core.role());
        core.step(N2, piece(4, snapshot, 0, 0));
        assertEquals(
                List.of(new SnapshotReceived(4, SnapshotId.of(snapshot), 0)),
                sent(persistAll(core).sendAfterPersist(), N2, SnapshotReceived.class));
    }

    @Test
    @DisplayName("R11: a snapshot that contradicts what is committed replaces nothing")
    void contradictingSnapshot() {
        RaftCore core = followerWithSomeEntries();
        core.step(N2, append(2, id(1, 2), 2));
        persistAll(core);
        core.step(N2, piece(2, snapshot(2, 2, 10), 0, 10));
        assertTrue(core.drain().persist().isEmpty());
        assertEquals(id(1, 2), core.lastEntry());
    }
}
