/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import io.quorate.raft.log.RecoveredLog;
import io.quorate.raft.log.TermStarts;
import io.quorate.raft.message.AppendRequest;
import io.quorate.raft.message.Heartbeat;
import io.quorate.raft.message.Message;
import io.quorate.raft.message.PreVoteResponse;
import io.quorate.raft.message.VoteResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** States of single cores for the tests of one section of the paper, and short words for messages. */
final class CoreFixture {
    static final NodeId N1 = new NodeId(1);
    static final NodeId N2 = new NodeId(2);
    static final NodeId N3 = new NodeId(3);
    static final NodeId STRANGER = new NodeId(9);
    static final int ELECTION_TIMEOUT = 10;
    static final int HEARTBEAT = 2;
    static final RaftConfig CONFIG =
            new RaftConfig(ELECTION_TIMEOUT, HEARTBEAT, 100_000, 1_000_000, 100, 1_000_000, 1_000_000);

    private CoreFixture() {}

    static Membership voters(int count) {
        return new Membership(
                IntStream.rangeClosed(1, count).mapToObj(NodeId::new).toList());
    }

    /** n1 of three; its disk holds entries of these terms, and its term is the last of them, or 1. */
    static RaftCore follower(long... logTerms) {
        long term = logTerms.length == 0 ? 1 : logTerms[logTerms.length - 1];
        return core(CONFIG, 3, new HardState(term, Optional.empty()), logTerms);
    }

    static RaftCore core(RaftConfig config, int voters, HardState hardState, long... logTerms) {
        return new RaftCore(config, N1, voters(voters), recovered(hardState, logTerms), new Prng(1));
    }

    static RecoveredLog recovered(HardState hardState, long... logTerms) {
        TermStarts terms = new TermStarts(EntryId.NONE);
        for (int i = 0; i < logTerms.length; i++) {
            terms.append(new EntryId(logTerms[i], i + 1));
        }
        return new RecoveredLog(hardState, terms, 0);
    }

    /** The leader of the term after the log's last one, among {@code voters}; its no-op is durable and has been sent. */
    static RaftCore leader(RaftConfig config, int voters, long... logTerms) {
        long term = logTerms.length == 0 ? 1 : logTerms[logTerms.length - 1];
        RaftCore core = core(config, voters, new HardState(term, Optional.empty()), logTerms);
        elect(core);
        persistAll(core);
        return core;
    }

    static RaftCore leader(long... logTerms) {
        return leader(CONFIG, 3, logTerms);
    }

    /** Ends with the leader's no-op not yet drained. */
    static void elect(RaftCore core) {
        long term = core.term() + 1;
        tickUntilCampaign(core);
        core.membership().voters().stream()
                .filter(voter -> !voter.equals(core.self()))
                .forEach(voter -> core.step(voter, new PreVoteResponse(term, true)));
        core.persisted(core.drain().persist().sequence());
        core.membership().voters().stream()
                .filter(voter -> !voter.equals(core.self()))
                .forEach(voter -> core.step(voter, new VoteResponse(term, true)));
    }

    static void tickUntilCampaign(RaftCore core) {
        for (int i = 0; i < 2 * ELECTION_TIMEOUT && core.role() == RaftCore.Role.FOLLOWER; i++) {
            core.tick();
        }
        core.drain();
    }

    static void tick(RaftCore core, int ticks) {
        for (int i = 0; i < ticks; i++) {
            core.tick();
        }
    }

    /** Drains and completes all writes. */
    static Outputs persistAll(RaftCore core) {
        Outputs outputs = core.drain();
        core.persisted(outputs.persist().sequence());
        return outputs;
    }

    static EntryId id(long term, long index) {
        return new EntryId(term, index);
    }

    /** A command entry, which takes no offset. */
    static LogEntry entry(long term, long index) {
        return new LogEntry(id(term, index), EntryType.COMMAND, 0, 0, 0, Payload.utf8(term + "/" + index));
    }

    static Proposal command(int size) {
        return new Proposal(EntryType.COMMAND, 0, 7, Payload.wrap(new byte[size]));
    }

    static Proposal records(int count) {
        return new Proposal(EntryType.RECORDS, count, 7, Payload.utf8("records"));
    }

    static AppendRequest append(long term, EntryId previous, long commitIndex, LogEntry... entries) {
        return new AppendRequest(term, previous, List.of(entries), commitIndex);
    }

    static Heartbeat heartbeat(long term, long commitIndex) {
        return new Heartbeat(term, commitIndex, 1);
    }

    static Envelope to(NodeId target, Message message) {
        return new Envelope(target, message);
    }

    /** Messages of one kind to one member. */
    static <M extends Message> List<M> sent(List<Envelope> envelopes, NodeId target, Class<M> kind) {
        List<M> found = new ArrayList<>();
        for (Envelope envelope : envelopes) {
            if (envelope.to().equals(target) && kind.isInstance(envelope.message())) {
                found.add(kind.cast(envelope.message()));
            }
        }
        return found;
    }

    static <E extends RaftEvent> List<E> events(Outputs outputs, Class<E> kind) {
        return outputs.events().stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }
}
