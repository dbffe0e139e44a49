/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.nio.file.Path;

/**
 * The disk failed or lies: the store that threw it takes no further writes, for good (promise P6). The message names
 * the file, the position and the cause.
 */
public class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;

    public StorageException(Path file, String message, Throwable cause) {
        super(file + ": " + message + (cause == null ? "" : ": " + cause.getMessage()), cause);
        this.file = file;
    }

    public Path file() {
        return file;
    }
}
