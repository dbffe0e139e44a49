/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The registry of nodes and topics, which is a Raft group of its own, and the gossip about who leads what.
 */
package io.quorate.node.metadata;
