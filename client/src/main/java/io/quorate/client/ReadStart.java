/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/**
 * Where a read begins.
 *
 * @param offset  of the first record
 * @param proven  the cluster itself has named the offset: a node that does not know it yet will soon
 * @param groupId of the partition in the incarnation of the topic that has named it; 0: none has
 */
record ReadStart(long offset, boolean proven, long groupId) {
    /** The caller's own choice, to be taken at its word by whichever incarnation of the topic there is. */
    static ReadStart named(long offset) {
        return new ReadStart(offset, false, 0);
    }
}
