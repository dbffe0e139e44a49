/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.local;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Predicate;

/**
 * What the directory of a running dev cluster tells other commands about it: {@code dev.properties}, replaced as a whole,
 * written by the process that started the cluster and by nobody else, deleted when it has stopped.
 *
 * @param supervisor the process that started the nodes
 * @param nodes      in the order of their ids
 */
public record DevState(String clusterId, ProcessRef supervisor, List<Node> nodes) {
    /** Where a dev cluster is unless told otherwise, under the working directory. */
    public static final String DEFAULT_DIRECTORY = "quorate-dev";

    private static final String FILE = "dev.properties";
    private static final int MAX_NODES = 99;

    /** @param process {@link ProcessRef#NONE} when it does not run */
    public record Node(int id, String clientAddress, String peerAddress, ProcessRef process) {
        public Node with(ProcessRef newProcess) {
            return new Node(id, clientAddress, peerAddress, newProcess);
        }

        public boolean isAlive() {
            return process.isAlive();
        }
    }

    public DevState {
        nodes = List.copyOf(nodes);
    }

    /** Whether any process of it is alive. */
    public boolean isRunning() {
        return supervisor.isAlive() || nodes.stream().anyMatch(Node::isAlive);
    }

    public Optional<Node> node(int id) {
        return nodes.stream().filter(node -> node.id() == id).findFirst();
    }

    /** Of every node, those that run first. */
    public List<String> clientAddresses() {
        List<String> addresses = new ArrayList<>();
        Predicate<Node> alive = Node::isAlive;
        nodes.stream().filter(alive).forEach(node -> addresses.add(node.clientAddress()));
        nodes.stream().filter(alive.negate()).forEach(node -> addresses.add(node.clientAddress()));
        return addresses;
    }

    public DevState with(Node changed) {
        List<Node> newNodes = new ArrayList<>(nodes);
        newNodes.replaceAll(node -> node.id() == changed.id() ? changed : node);
        return new DevState(clusterId, supervisor, newNodes);
    }

    public void write(Path directory) {
        StringBuilder text = new StringBuilder("# Written by quorate dev. Do not edit while the cluster runs.\n");
        line(text, "cluster.id", clusterId);
        line(text, "supervisor.pid", supervisor.pid());
        line(text, "supervisor.start.ms", supervisor.startMillis());
        line(text, "nodes", nodes.size());
        for (Node node : nodes) {
            String prefix = "node." + node.id() + ".";
            line(text, prefix + "client", node.clientAddress());
            line(text, prefix + "peer", node.peerAddress());
            line(text, prefix + "pid", node.process().pid());
            line(text, prefix + "start.ms", node.process().startMillis());
        }
        Path temporary = directory.resolve(FILE + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.move(
                    temporary,
                    directory.resolve(FILE),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * @throws UncheckedIOException if it is there and cannot be read
     * @throws IllegalStateException if it is there and is not what {@link #write} writes
     */
    public static Optional<DevState> readIfPresent(Path directory) {
        Properties properties = new Properties();
        Path file = directory.resolve(FILE);
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(file + " is damaged: " + e.getMessage(), e);
        }
        return Optional.of(parse(file, properties));
    }

    public static void delete(Path directory) {
        try {
            Files.deleteIfExists(directory.resolve(FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DevState parse(Path file, Properties properties) {
        int size = (int) number(file, properties, "nodes");
        if (size < 1 || size > MAX_NODES) {
            throw new IllegalStateException(file + " is damaged: nodes=" + size + ", allowed 1 to " + MAX_NODES);
        }
        List<Node> nodes = new ArrayList<>(size);
        for (int id = 1; id <= size; id++) {
            String prefix = "node." + id + ".";
            nodes.add(new Node(
                    id,
                    text(file, properties, prefix + "client"),
                    text(file, properties, prefix + "peer"),
                    new ProcessRef(
                            number(file, properties, prefix + "pid"), number(file, properties, prefix + "start.ms"))));
        }
        return new DevState(
                text(file, properties, "cluster.id"),
                new ProcessRef(
                        number(file, properties, "supervisor.pid"), number(file, properties, "supervisor.start.ms")),
                nodes);
    }

    private static String text(Path file, Properties properties, String key) {
        String value = properties.getProperty(key);
        if (value == null) {
            throw new IllegalStateException(file + " is damaged: it lacks " + key);
        }
        return value;
    }

    private static long number(Path file, Properties properties, String key) {
        String value = text(file, properties, key);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalStateException(file + " is damaged: " + key + " is not a number", e);
        }
    }

    private static void line(StringBuilder text, String key, Object value) {
        text.append(key).append('=').append(value).append('\n');
    }
}
