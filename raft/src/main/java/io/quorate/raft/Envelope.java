/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import io.quorate.raft.log.NodeId;
import io.quorate.raft.message.Message;

/** A message and whom it is for. */
public record Envelope(NodeId to, Message message) {}
