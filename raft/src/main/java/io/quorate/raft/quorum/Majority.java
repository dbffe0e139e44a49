/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.quorum;

/** Arithmetic of majorities: any two of one set of voters share a member (paper §5.2). */
public final class Majority {
    private Majority() {}

    /**
     * How many of {@code voters} decide: more than half.
     *
     * @param voters 1 or more
     */
    public static int of(int voters) {
        if (voters < 1) {
            throw new IllegalArgumentException("a majority of " + voters + " voters");
        }
        return voters / 2 + 1;
    }

    /**
     * The highest index that a majority has reached: the median, rounded down.
     *
     * @param reached what each voter has reached, in any order; sorted in place, so that no copy is needed
     */
    public static long agreedIndex(long[] reached) {
        int quorum = of(reached.length);
        for (int i = 1; i < reached.length; i++) {
            long value = reached[i];
            int at = i;
            while (at > 0 && reached[at - 1] > value) {
                reached[at] = reached[at - 1];
                at--;
            }
            reached[at] = value;
        }
        return reached[reached.length - quorum];
    }
}
