/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.ClusterView.PartitionView;
import io.quorate.node.api.ClusterView.TopicView;
import io.quorate.node.api.ReadConsistency;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** All clients of a run: topics are created while faults happen, and each gets its writers and readers. */
final class Workload {
    private static final int FIRST_TOPIC_MILLIS_MAX = 1_500;

    private final SimulationOptions options;
    private final Clients clients;
    private final Prng prng;
    private final TopicChurn churn;
    private final List<TopicCreator> creators = new ArrayList<>();
    private final List<SimulatedPartition> partitions = new ArrayList<>();
    private final List<SimulatedProducer> producers = new ArrayList<>();
    private final List<PlainWriter> plainWriters = new ArrayList<>();
    private final List<LingeringWriter> lingeringWriters = new ArrayList<>();
    private final List<SimulatedReader> readers = new ArrayList<>();
    private final List<TailAsker> tailAskers = new ArrayList<>();
    private final List<TimeAsker> timeAskers = new ArrayList<>();
    private final List<Trimmer> trimmers = new ArrayList<>();
    private final List<Mover> movers = new ArrayList<>();
    private Optional<NodeChurn> nodes = Optional.empty();
    private Optional<Prng> lingering = Optional.empty();
    private boolean finished;

    Workload(SimulationOptions options, Clients clients, Prng prng) {
        this.options = options;
        this.clients = clients;
        this.prng = prng;
        this.churn = new TopicChurn(options.replicationFactor(), clients, prng.split());
    }

    /** Nodes come and go, too. */
    void churnNodes(NodeChurn churn) {
        nodes = Optional.of(churn);
    }

    /** Each partition has a writer more, which goes on over sessions of leaderships that are over. */
    void letWritersLinger(Prng ofLingerers) {
        lingering = Optional.of(ofLingerers);
    }

    void start() {
        nodes.ifPresent(NodeChurn::start);
        for (int i = 0; i < options.topics(); i++) {
            TopicCreator creator = new TopicCreator(
                    "topic-" + i,
                    options.partitions(),
                    options.replicationFactor(),
                    0,
                    clients,
                    prng.split(),
                    this::onTopic);
            creators.add(creator);
            clients.time().schedule(1_000_000L * prng.nextInt(FIRST_TOPIC_MILLIS_MAX), "topic-wanted", creator::start);
        }
        if (options.workload().deletesTopics()) {
            churn.start();
        }
    }

    private void onTopic(TopicView topic) {
        for (PartitionView view : topic.partitions()) {
            clients.checker()
                    .onGroup(
                            view.groupId(),
                            view.replicas().stream().map(NodeId::new).toList());
            SimulatedPartition partition =
                    new SimulatedPartition(new TopicPartition(topic.name(), view.partition(), view.groupId()));
            partitions.add(partition);
            startClients(partition);
        }
    }

    private void startClients(SimulatedPartition partition) {
        for (int i = 0; i < options.workload().producers(); i++) {
            SimulatedProducer producer =
                    new SimulatedProducer(partition.name() + "-p" + i, partition, clients, prng.split());
            producers.add(producer);
            producer.start();
        }
        for (int i = 0; i < options.workload().plainWriters(); i++) {
            PlainWriter writer = new PlainWriter(partition.name() + "-w" + i, partition, clients, prng.split());
            plainWriters.add(writer);
            writer.start();
        }
        lingering.ifPresent(ofLingerers -> {
            LingeringWriter writer =
                    new LingeringWriter(partition.name() + "-l", partition, clients, ofLingerers.split());
            lingeringWriters.add(writer);
            writer.start();
        });
        for (int i = 0; i < options.workload().readers(); i++) {
            SimulatedReader reader = new SimulatedReader(
                    partition.name() + "-r" + i,
                    partition,
                    SimulatedReader.drawConsistency(prng),
                    clients,
                    prng.split());
            readers.add(reader);
            reader.start();
        }
        startTailAsker(partition.name() + "-t", partition, ReadConsistency.LEADER);
        if (!finished && options.workload().moveMillis() > 0 && options.nodes() > options.replicationFactor()) {
            Mover mover = new Mover(
                    partition,
                    options.nodes(),
                    options.replicationFactor(),
                    clients,
                    prng.split(),
                    options.workload().moveMillis());
            movers.add(mover);
            mover.start();
        }
        if (options.workload().trimMillis() > 0) {
            Trimmer trimmer = new Trimmer(
                    partition, clients, prng.split(), options.workload().trimMillis());
            trimmers.add(trimmer);
            trimmer.start();
        }
        TimeAsker timeAsker = new TimeAsker(partition, clients, new Prng(partition.groupId()));
        timeAskers.add(timeAsker);
        timeAsker.start();
        startTailAsker(partition.name() + "-a", partition, ReadConsistency.LINEARIZABLE_ANY_REPLICA);
    }

    private void startTailAsker(String name, SimulatedPartition partition, ReadConsistency consistency) {
        TailAsker asker = new TailAsker(name, partition, consistency, clients, prng.split());
        tailAskers.add(asker);
        asker.start();
    }

    /** No new batches; those that are under way go on. Readers stop. */
    void finish() {
        finished = true;
        producers.forEach(SimulatedProducer::finish);
        plainWriters.forEach(PlainWriter::finish);
        lingeringWriters.forEach(LingeringWriter::finish);
        readers.forEach(SimulatedReader::finish);
        tailAskers.forEach(TailAsker::finish);
        timeAskers.forEach(TimeAsker::finish);
        trimmers.forEach(Trimmer::finish);
        movers.forEach(Mover::finish);
        churn.finish();
        nodes.ifPresent(NodeChurn::finish);
    }

    /** What still waits for an answer; empty when all is done. */
    List<String> unfinished() {
        List<String> waiting = new ArrayList<>(churn.unfinished());
        nodes.ifPresent(operator -> waiting.addAll(operator.unfinished()));
        creators.stream().filter(creator -> !creator.isDone()).forEach(creator -> waiting.add(creator.toString()));
        producers.stream().filter(producer -> !producer.isDone()).forEach(producer -> waiting.add(producer.toString()));
        return waiting;
    }

    List<SimulatedPartition> partitions() {
        return Collections.unmodifiableList(partitions);
    }
}
