/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.LoopbackPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Addresses and configuration of the nodes of a dev cluster. All of them listen on the loopback interface only.
 *
 * @param members in the order of their ids
 */
record DevPlan(String clusterId, List<Member> members, Map<String, String> settings) {
    record Member(int id, int clientPort, int peerPort, int metricsPort) {
        String clientAddress() {
            return LoopbackPorts.HOST + ":" + clientPort;
        }

        String metricsAddress() {
            return LoopbackPorts.HOST + ":" + metricsPort;
        }

        String peerAddress() {
            return LoopbackPorts.HOST + ":" + peerPort;
        }
    }

    /**
     * Node i gets ports {@code clientPort + i - 1}, {@code peerPort + i - 1} and {@code metricsPort + i - 1}.
     *
     * @param clientPort 0: any free ports
     * @throws io.quorate.cli.base.CliException if a port is taken
     */
    static List<Member> members(int nodes, int clientPort, int peerPort, int metricsPort) {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            ports.add(clientPort == 0 ? 0 : clientPort + i);
            ports.add(clientPort == 0 ? 0 : peerPort + i);
            ports.add(clientPort == 0 ? 0 : metricsPort + i);
        }
        List<Integer> bound = LoopbackPorts.check(ports);
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            members.add(new Member(i + 1, bound.get(3 * i), bound.get(3 * i + 1), bound.get(3 * i + 2)));
        }
        return members;
    }

    Member member(int id) {
        return members.get(id - 1);
    }

    /** Writes the node's configuration and returns the file. */
    Path writeConfig(Path home, Member member) {
        Map<String, String> values = new TreeMap<>(settings);
        values.putIfAbsent("metrics.listen", member.metricsAddress());
        values.put("cluster.id", clusterId);
        values.put("node.id", String.valueOf(member.id()));
        values.put("client.listen", member.clientAddress());
        values.put("data.dir", home.resolve("node-" + member.id()).toString());
        StringBuilder yaml = new StringBuilder("# Written by quorate dev at every start.\n");
        yaml.append("cluster.nodes:\n");
        for (Member each : members) {
            yaml.append("  - ")
                    .append(quote(each.id() + "@" + each.peerAddress()))
                    .append('\n');
        }
        values.forEach((key, value) ->
                yaml.append(key).append(": ").append(quote(value)).append('\n'));
        Path file = home.resolve("node-" + member.id() + ".yaml");
        try {
            Files.writeString(file, yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** A YAML string in double quotes. */
    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
