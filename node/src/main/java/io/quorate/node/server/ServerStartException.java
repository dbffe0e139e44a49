/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

/** The server could not start; nothing of it runs. The message says what to change. */
public final class ServerStartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ServerStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
