/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.EntryId;
import io.quorate.raft.log.EntryType;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.NodeId;
import io.quorate.raft.log.Payload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs the commands of a scenario file on a group of real cores and writes down what happens.
 *
 * <pre>
 *   cluster N [KEY=VALUE ...]   N members with empty disks; keys as in {@link #config}, and voters=M: only the first M are
 *   logs n1=1,1,2 ...           members (N = the highest) whose disks hold entries of these terms; term = the last one
 *   terms n1=3 ...              raises the term on the disks of members; right after logs
 *   timeout n1                  ticks n1 alone until it campaigns (a pre-candidate: again)
 *   tick n1|all [COUNT]         ticks
 *   propose n1 [COUNT]          as many proposals, in one turn
 *   members n1 n1,n2 [n3,n4]    n1 is to make these the voters, and those learners
 *   transfer n1 n2              n1 is to hand over its leadership to n2
 *   snapshot n1 [FIRST]         n1 saves a snapshot of what it has applied; its log then begins at FIRST (default: after it)
 *   ask n1 [COUNT]              as many requests for a read index, in one turn; numbered from 1 on
 *   settle                      delivers, writes and reads until nothing is left
 *   deliver n1>n2 [COUNT]       delivers the oldest messages of a link (default: those that are there)
 *   drop n1>n2                  loses what is on the way
 *   duplicate n1>n2             doubles what is on the way
 *   write n1 [COUNT]            completes writes (default: those in flight)
 *   read n1                     answers the reads in flight
 *   hold n1 / release n1        n1's disk hangs: settle does not complete its writes / does again
 *   isolate n1 ... / heal       loses all that is sent between these and the others / no longer
 *   disconnect n1 n2            n1 learns that its connection to n2 broke
 *   crash n1 [SURVIVING]        the process dies; that many of its writes in flight had reached the disk
 *   restart n1
 *   show                        a line per member
 *   progress n1                 what a leader knows of its followers
 *   silently COMMAND            without the lines it makes
 * </pre>
 *
 * Every run is watched by a {@link ProtocolChecker} as well.
 */
final class Scenario implements SimMember.Observer {
    private record InTransit(NodeId from, Envelope envelope) {
        boolean isOn(NodeId source, NodeId target) {
            return from.equals(source) && envelope.to().equals(target);
        }
    }

    private final Map<NodeId, SimMember> members = new TreeMap<>();
    private final List<InTransit> network = new ArrayList<>();
    private final TreeSet<NodeId> held = new TreeSet<>();
    private final TreeSet<NodeId> isolated = new TreeSet<>();
    private final ProtocolChecker checker = new ProtocolChecker();
    private final List<String> lines = new ArrayList<>();
    private boolean silent;
    private int proposals;
    private int asked;

    /** Runs one line and returns what it made happen. */
    List<String> run(String line) {
        lines.clear();
        silent = line.startsWith("silently ");
        execute(List.of(line.replaceFirst("^silently ", "").trim().split("\\s+")));
        return List.copyOf(lines);
    }

    private void execute(List<String> words) {
        List<String> arguments = words.subList(1, words.size());
        switch (words.get(0)) {
            case "cluster" -> {
                int size = Integer.parseInt(arguments.get(0));
                cluster(size, settings(arguments).getOrDefault("voters", size), config(arguments), Map.of());
            }
            case "logs" -> logs(arguments);
            case "terms" -> arguments.forEach(this::raiseTerm);
            case "timeout" -> timeOut(member(arguments.get(0)));
            case "tick" -> tick(arguments.get(0), count(arguments, 1));
            case "propose" -> propose(member(arguments.get(0)), count(arguments, 1));
            case "members" -> changeMembership(member(arguments.get(0)), arguments.subList(1, arguments.size()));
            case "transfer" -> transfer(member(arguments.get(0)), id(arguments.get(1)));
            case "snapshot" -> {
                member(arguments.get(0)).takeSnapshot(count(arguments, Integer.MAX_VALUE));
                drain(member(arguments.get(0)));
            }
            case "ask" -> ask(member(arguments.get(0)), count(arguments, 1));
            case "settle" -> settle();
            case "deliver" -> deliver(arguments.get(0), count(arguments, Integer.MAX_VALUE));
            case "drop" -> drop(arguments.get(0));
            case "duplicate" -> network.addAll(onLink(arguments.get(0)));
            case "write" -> write(member(arguments.get(0)), count(arguments, Integer.MAX_VALUE));
            case "read" -> read(member(arguments.get(0)));
            case "hold" -> held.add(id(arguments.get(0)));
            case "release" -> held.remove(id(arguments.get(0)));
            case "isolate" -> arguments.forEach(name -> isolated.add(id(name)));
            case "heal" -> isolated.clear();
            case "disconnect" -> disconnect(member(arguments.get(0)), id(arguments.get(1)));
            case "crash" -> crash(member(arguments.get(0)), count(arguments, 0));
            case "restart" -> member(arguments.get(0)).start(arguments.get(0).hashCode());
            case "show" -> members.values().forEach(member -> note(Transcript.of(member)));
            case "progress" ->
                member(arguments.get(0)).core().followers().forEach(follower -> note(Transcript.of(follower)));
            default -> throw new IllegalArgumentException("unknown command " + words);
        }
    }

    private static int count(List<String> arguments, int otherwise) {
        return arguments.size() > 1 ? Integer.parseInt(arguments.get(1)) : otherwise;
    }

    private static NodeId id(String name) {
        return new NodeId(Integer.parseInt(name.substring(1)));
    }

    private SimMember member(String name) {
        return Optional.ofNullable(members.get(id(name)))
                .orElseThrow(() -> new IllegalArgumentException("no member " + name));
    }

    private static Map<String, Integer> settings(List<String> arguments) {
        Map<String, Integer> values = new TreeMap<>();
        arguments.stream().filter(word -> word.contains("=")).forEach(word -> {
            String[] pair = word.split("=");
            values.put(pair[0], Integer.parseInt(pair[1]));
        });
        return values;
    }

    /** Limits so wide that they do not show, unless a scenario names them. */
    private static RaftConfig config(List<String> arguments) {
        Map<String, Integer> values = settings(arguments);
        return new RaftConfig(
                10,
                2,
                values.getOrDefault("maxAppendBytes", 100_000),
                values.getOrDefault("maxInflightBytes", 1_000_000),
                values.getOrDefault("maxInflightAppends", 100),
                values.getOrDefault("maxUncommittedBytes", 1_000_000),
                values.getOrDefault("tailBytes", 1_000_000),
                values.getOrDefault("leaseTicks", 0));
    }

    private void cluster(int size, int voters, RaftConfig config, Map<NodeId, SimDisk> disks) {
        Membership membership = new Membership(
                IntStream.rangeClosed(1, voters).mapToObj(NodeId::new).toList());
        for (NodeId id : IntStream.rangeClosed(1, size).mapToObj(NodeId::new).toList()) {
            SimMember member = new SimMember(id, config, membership, disks.getOrDefault(id, new SimDisk()), this);
            member.start(id.value());
            members.put(id, member);
        }
    }

    private void logs(List<String> arguments) {
        Map<NodeId, SimDisk> disks = new TreeMap<>();
        for (String argument : arguments) {
            String[] pair = argument.split("=");
            if (pair[0].startsWith("n")) {
                disks.put(id(pair[0]), diskWith(pair[1]));
            }
        }
        List<String> settings =
                arguments.stream().filter(word -> !word.startsWith("n")).toList();
        cluster(disks.size(), disks.size(), config(settings), disks);
    }

    private static SimDisk diskWith(String terms) {
        List<LogEntry> entries = new ArrayList<>();
        for (String term : terms.split(",")) {
            entries.add(new LogEntry(
                    new EntryId(Long.parseLong(term), entries.size() + 1),
                    EntryType.COMMAND,
                    0,
                    0,
                    0,
                    Payload.utf8("t" + term)));
        }
        long last = entries.get(entries.size() - 1).term();
        return new SimDisk(new HardState(last, Optional.empty()), entries);
    }

    private void raiseTerm(String assignment) {
        String[] pair = assignment.split("=");
        SimMember member = member(pair[0]);
        member.disk()
                .write(new Persist(
                        0,
                        Optional.of(new HardState(Long.parseLong(pair[1]), Optional.empty())),
                        OptionalLong.empty(),
                        List.of()));
        member.start(member.id().value());
    }

    private void timeOut(SimMember member) {
        boolean campaigned = false;
        while (!campaigned) {
            checker.onTick(member);
            member.core().tick();
            campaigned = drain(member).events().stream()
                    .anyMatch(event -> event instanceof RaftEvent.BecamePreCandidate
                            || event instanceof RaftEvent.BecameCandidate);
        }
    }

    private void tick(String who, int count) {
        Collection<SimMember> ticked = who.equals("all") ? members.values() : List.of(member(who));
        for (int i = 0; i < count; i++) {
            for (SimMember member : ticked) {
                if (member.isUp()) {
                    checker.onTick(member);
                    member.core().tick();
                    drain(member);
                }
            }
        }
    }

    private void changeMembership(SimMember member, List<String> lists) {
        List<NodeId> voters = ids(lists.get(0));
        List<NodeId> learners = lists.size() > 1 ? ids(lists.get(1)) : List.of();
        MembershipResult result = member.core().changeMembership(new Membership(voters, List.of(), learners));
        if (result instanceof MembershipResult.Refused refused) {
            note(member + " changes nothing: " + refused.reason());
        } else if (result instanceof MembershipResult.NotLeader) {
            note(member + " changes nothing: it does not lead");
        }
        drain(member);
    }

    private static List<NodeId> ids(String names) {
        return Stream.of(names.split(",")).map(Scenario::id).toList();
    }

    private void transfer(SimMember member, NodeId target) {
        if (member.core().transferLeadership(target) instanceof TransferResult.Refused refused) {
            note(member + " hands over nothing: " + refused.reason());
        }
        drain(member);
    }

    private void ask(SimMember member, int count) {
        for (int i = 0; i < count; i++) {
            asked++;
            checker.onAsked(member, asked);
            member.core().readIndex(asked);
        }
        drain(member);
    }

    private void propose(SimMember member, int count) {
        for (int i = 0; i < count; i++) {
            proposals++;
            ProposeResult result =
                    member.core().propose(new Proposal(EntryType.RECORDS, 1, proposals, Payload.utf8("p" + proposals)));
            note(member + " " + Transcript.of(result));
        }
        drain(member);
    }

    private void settle() {
        boolean busy = true;
        while (busy) {
            busy = !network.isEmpty();
            if (busy) {
                deliver(network.remove(0));
            }
            for (SimMember member : members.values()) {
                if (member.isUp() && network.isEmpty()) {
                    if (!held.contains(member.id()) && member.writesInFlight() > 0) {
                        busy = true;
                        write(member, Integer.MAX_VALUE);
                    }
                    busy |= member.readsInFlight() > 0;
                    read(member);
                }
            }
        }
    }

    private List<InTransit> onLink(String link) {
        String[] ends = link.split(">");
        return network.stream()
                .filter(next -> next.isOn(id(ends[0]), id(ends[1])))
                .toList();
    }

    private void deliver(String link, int count) {
        for (InTransit next : onLink(link).stream().limit(count).toList()) {
            network.remove(next);
            deliver(next);
        }
    }

    private void deliver(InTransit next) {
        SimMember target = members.get(next.envelope().to());
        boolean cut = isolated.contains(next.from()) != isolated.contains(target.id());
        String text = Transcript.of(next.from(), next.envelope());
        if (cut || !target.isUp()) {
            note(text + "   LOST");
            return;
        }
        note(text);
        checker.onDelivered(next.from(), next.envelope().message());
        target.core().step(next.from(), next.envelope().message());
        drain(target);
    }

    private void crash(SimMember member, int survivingWrites) {
        member.crash(survivingWrites);
        checker.onCrashed(member);
    }

    private void drop(String link) {
        for (InTransit next : onLink(link)) {
            network.remove(next);
            note(Transcript.of(next.from(), next.envelope()) + "   LOST");
        }
    }

    private void write(SimMember member, int count) {
        int writes = Math.min(count, member.writesInFlight());
        if (writes > 0) {
            note(member + " has written up to #" + member.sequenceOfWrite(writes));
            member.completeWrites(writes);
            drain(member);
        }
    }

    private void read(SimMember member) {
        while (member.readsInFlight() > 0) {
            member.completeRead(false);
            drain(member);
        }
    }

    private void disconnect(SimMember member, NodeId peer) {
        member.core().disconnected(peer);
        drain(member);
    }

    private Outputs drain(SimMember member) {
        Outputs outputs = member.drain();
        for (RaftEvent event : outputs.events()) {
            note(member + " " + Transcript.of(event));
        }
        if (!outputs.persist().isEmpty()) {
            note(member + " " + Transcript.of(outputs.persist()));
        }
        for (EntryLoad load : outputs.loads()) {
            note(member + " reads from " + load.fromIndex() + " for " + load.follower());
        }
        for (SnapshotLoad load : outputs.snapshotLoads()) {
            note(member + " reads a snapshot for " + load.follower());
        }
        outputs.restore().ifPresent(snapshot -> note(member + " applies the snapshot of " + snapshot.last()));
        if (outputs.commitIndex() > member.appliedIndex()) {
            note(member + " applies up to " + outputs.commitIndex());
            member.applyUpTo(outputs.commitIndex());
            if (member.core().hasOutputs()) {
                drain(member);
            }
        }
        for (ReadOutcome read : outputs.reads()) {
            note(member + " " + Transcript.of(read));
        }
        return outputs;
    }

    private void note(String line) {
        if (!silent) {
            lines.add(line);
        }
    }

    @Override
    public void onDrained(SimMember member, Outputs outputs) {
        checker.onDrained(member, outputs, members.values());
    }

    @Override
    public void onSent(SimMember member, Envelope envelope) {
        checker.onSent(member, envelope);
        network.add(new InTransit(member.id(), envelope));
    }
}
