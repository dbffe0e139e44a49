/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.wire;

/** Bytes that are not a record batch: nothing was changed because of them. The message says what is wrong. */
public final class InvalidBatchException extends Exception {
    private static final long serialVersionUID = 1L;

    public InvalidBatchException(String message) {
        super(message);
    }
}
