/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim;

import io.quorate.node.api.TopicPartition;

/** A partition that a client knows to exist. */
record SimulatedPartition(TopicPartition name, long groupId) {}
