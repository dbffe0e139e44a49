/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Ports of the loopback interface. */
public final class LoopbackPorts {
    public static final String HOST = "127.0.0.1";

    private static final int CONNECT_MILLIS = 200;

    private LoopbackPorts() {}

    /**
     * Binds all of them at once, so that free ones differ, and lets go of them again: whoever is quick may still take one.
     *
     * @param ports 0: any free one
     * @return the ports, with those that were found in place of 0
     * @throws CliException if one is taken
     */
    public static List<Integer> check(List<Integer> ports) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            List<Integer> bound = new ArrayList<>();
            for (int port : ports) {
                ServerSocket socket = new ServerSocket();
                sockets.add(socket);
                socket.setReuseAddress(true);
                bind(socket, port);
                bound.add(socket.getLocalPort());
            }
            return bound;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            sockets.forEach(LoopbackPorts::close);
        }
    }

    /** Whether somebody takes connections on the port. */
    public static boolean isListening(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByName(HOST), port), CONNECT_MILLIS);
            return true;
        } catch (IOException e) {
            return false; // refused: not yet
        }
    }

    private static void bind(ServerSocket socket, int port) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(HOST), port);
        try {
            socket.bind(address);
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.FAILED,
                    "PORT_IN_USE",
                    "port " + port + " of " + HOST + " is taken: " + e.getMessage(),
                    "--port 17400 uses 17400 and up, --port 0 any free ports",
                    e);
        }
    }

    private static void close(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
