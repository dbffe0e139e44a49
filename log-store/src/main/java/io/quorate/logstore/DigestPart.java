/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * How far the digest of a range of entries has come, see {@link LogStore#digest(long, long, long, int)}.
 *
 * @param digest    of the entries so far
 * @param nextIndex the first one that is not in it
 * @param bytes     that the entries of this part take on the disk
 */
public record DigestPart(long digest, long nextIndex, long bytes) {}
