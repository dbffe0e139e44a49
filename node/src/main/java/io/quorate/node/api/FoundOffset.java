/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/**
 * Where the records begin that were appended since a time.
 *
 * @param offset the high-water mark of {@code marks} or an earlier one if there are no such records
 * @param marks  of the replica that was asked, when it answers
 */
public record FoundOffset(long offset, Marks marks) {}
