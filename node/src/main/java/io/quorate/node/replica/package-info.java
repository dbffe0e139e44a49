/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One Raft group on one node: core, log and state machine, driven in turns of the event loop. Knows nothing of topics
 * beyond their names, and reaches the rest of the cluster only through {@link io.quorate.node.replica.Whereabouts}.
 */
package io.quorate.node.replica;
