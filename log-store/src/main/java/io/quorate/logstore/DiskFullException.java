/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/**
 * There was no room on the disk for what was asked. Unlike every other failure it is not final: nothing has changed, and the
 * same call may be made again when there is room. Votes and trims need none.
 */
public final class DiskFullException extends StorageException {
    private static final long serialVersionUID = 1L;

    public DiskFullException(Path file, String message, Throwable cause) {
        super(file, message, cause);
    }
}
