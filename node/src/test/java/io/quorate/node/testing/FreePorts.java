/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.testing;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Ports of the loopback interface that were free a moment ago, for clusters whose nodes must know each other's. */
public final class FreePorts {
    /**
     * Below the ports that systems give to outgoing connections: who dials a node that is not up yet, on such a port, may be
     * given that very port, is connected with itself, and the node cannot have it any more.
     */
    private static final int FIRST_PORT = 10_000;

    private static final int PORTS = 20_000;
    private static final int TRIES = 100;

    private FreePorts() {}

    public static List<Integer> take(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = bind();
                sockets.add(socket);
                ports.add(socket.getLocalPort());
            }
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
        return ports;
    }

    private static ServerSocket bind() throws IOException {
        for (int tries = 1; ; tries++) {
            int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
            try {
                return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            } catch (BindException taken) {
                if (tries == TRIES) {
                    throw taken;
                }
            }
        }
    }
}
