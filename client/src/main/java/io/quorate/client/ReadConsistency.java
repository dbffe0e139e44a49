/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/** Who answers a read, and what the answer is sure to cover. Records that are not committed are never returned. */
public enum ReadConsistency {
    /** The leader. Everything that was acknowledged before the request is seen. */
    LEADER,

    /**
     * Any replica that can. Everything that was acknowledged before the request is seen all the same: the replica asks the
     * leader how far it has to be, and answers when it is that far.
     */
    ANY_REPLICA,

    /** Any replica, with what it knows, which may lag behind by an unstated amount. It answers without a leader too. */
    LOCAL
}
