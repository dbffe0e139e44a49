/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

/** The two streams between two nodes in each direction: entries must never delay a heartbeat or a vote. */
enum PeerLane {
    CONTROL,
    REPLICATE
}
