/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/**
 * Where an acknowledged record is.
 *
 * @param generation in which it was committed; if it had been sent more than once, possibly a later one
 */
public record AppendResult(int partition, long offset, long generation) {}
