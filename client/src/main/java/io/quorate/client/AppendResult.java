/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/** Where an acknowledged record is. */
public record AppendResult(int partition, long offset, long generation) {}
