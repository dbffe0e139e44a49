/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Whether a node belongs to the cluster, and as which: what nodes remember of each other's storage, so that one that has
 * lost its own is not taken for the one that it was.
 */
package io.quorate.node.standing;
