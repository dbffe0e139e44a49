/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

/** What a producer's batch is, compared with what the log holds of the same producer. */
public sealed interface ProducerVerdict {
    /** The next batch, or one that is not idempotent: append it. */
    record New() implements ProducerVerdict {
        static final New INSTANCE = new New();
    }

    /** In the log already, in full. @param baseOffset where its first record is */
    record Duplicate(long baseOffset) implements ProducerVerdict {}

    /** In the log already, but so long ago that its offset is forgotten. @param expected the next sequence */
    record DuplicateTooOld(long expected) implements ProducerVerdict {}

    /** Neither the next batch nor one that is in the log. @param expected the next sequence */
    record OutOfSequence(long expected) implements ProducerVerdict {}

    /** Not the first batch of a producer of which nothing is known (any more). */
    record UnknownProducer() implements ProducerVerdict {}

    /** A newer epoch of the same producer has appended. @param epoch the newer one */
    record ProducerFenced(int epoch) implements ProducerVerdict {}
}
