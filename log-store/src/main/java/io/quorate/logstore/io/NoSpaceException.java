/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.io;

import java.io.IOException;

/**
 * The file system has no room, or allows no more: a part of what was to be written may be there. Never thrown by a force,
 * whose failure leaves nothing to be told apart.
 */
public final class NoSpaceException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoSpaceException(String message, Throwable cause) {
        super(message, cause);
    }
}
