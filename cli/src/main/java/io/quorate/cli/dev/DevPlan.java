/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.dev;

import io.quorate.cli.base.CliException;
import io.quorate.cli.base.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
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
    private static final String HOST = "127.0.0.1";

    record Member(int id, int clientPort, int peerPort) {
        String clientAddress() {
            return HOST + ":" + clientPort;
        }

        String peerAddress() {
            return HOST + ":" + peerPort;
        }
    }

    /**
     * Node i gets ports {@code clientPort + i - 1} and {@code peerPort + i - 1}.
     *
     * @param clientPort 0: any free ports
     * @throws CliException if a port is taken
     */
    static List<Member> members(int nodes, int clientPort, int peerPort) {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            ports.add(clientPort == 0 ? 0 : clientPort + i);
            ports.add(clientPort == 0 ? 0 : peerPort + i);
        }
        List<Integer> bound = probe(ports);
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            members.add(new Member(i + 1, bound.get(2 * i), bound.get(2 * i + 1)));
        }
        return members;
    }

    Member member(int id) {
        return members.get(id - 1);
    }

    /** Writes the node's configuration and returns the file. */
    Path writeConfig(Path home, Member member) {
        Map<String, String> values = new TreeMap<>(settings);
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

    /** Binds all of them at once, so that free ones differ, and lets go of them again. */
    private static List<Integer> probe(List<Integer> ports) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            List<Integer> bound = new ArrayList<>();
            for (int port : ports) {
                ServerSocket socket = new ServerSocket();
                sockets.add(socket);
                socket.setReuseAddress(true);
                try {
                    socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port));
                } catch (IOException e) {
                    throw new CliException(
                            ExitCode.FAILED,
                            "PORT_IN_USE",
                            "port " + port + " of " + HOST + " is taken: " + e.getMessage(),
                            "--port 17400 uses 17400 and up, --port 0 any free ports",
                            e);
                }
                bound.add(socket.getLocalPort());
            }
            return bound;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            for (ServerSocket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException e) {
                    // It was bound for a moment only.
                }
            }
        }
    }
}
