/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

import static io.quorate.raft.CalmGroup.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The memberships along a log, that begins with voter 1 and changes at 5 to 2 and at 9 to 3")
class MembershipHistoryTest {
    private final MembershipHistory history =
            new MembershipHistory(voters(1)).add(5, voters(2)).add(9, voters(3));

    @ParameterizedTest
    @CsvSource({"0,1", "4,1", "5,2", "8,2", "9,3", "100,3"})
    @DisplayName("as of any entry, are those that its last change brought")
    void at(long index, int voter) {
        assertEquals(voters(voter), history.at(index));
    }

    @ParameterizedTest
    @CsvSource({"10,false,3,9", "9,true,2,5", "6,true,2,5", "5,true,1,0", "1,true,1,0"})
    @DisplayName("are undone when the entry that brought them is cut, and only then")
    void truncateSuffix(long from, boolean undone, int voter, long since) {
        assertEquals(undone, history.truncateSuffix(from));
        assertEquals(voters(voter), history.current());
        assertEquals(since, history.currentIndex());
    }

    @ParameterizedTest
    @CsvSource({"5,1", "6,2", "9,2", "10,3"})
    @DisplayName("are known from the entry before the first one that is kept")
    void truncatePrefix(long firstKept, int before) {
        history.truncatePrefix(firstKept);

        assertEquals(voters(before), history.at(firstKept - 1));
        assertEquals(voters(3), history.current());
        history.truncateSuffix(firstKept);
        assertEquals(voters(before), history.current());
    }

    @Test
    @DisplayName("are forgotten when a snapshot takes the place of the log")
    void replaceBy() {
        history.replaceBy(20, voters(4));

        assertEquals(voters(4), history.at(7));
        assertFalse(history.truncateSuffix(1));
        assertEquals(voters(4), history.current());
    }

    @Test
    @DisplayName("are in order: a change comes after the one before")
    void order() {
        assertThrows(InvariantViolation.class, () -> history.add(9, voters(4)));
        assertEquals(voters(4), history.add(10, voters(4)).current());
    }

    @Test
    @DisplayName("are copied: a copy goes its own way")
    void copy() {
        MembershipHistory copy = history.copy();
        assertTrue(copy.truncateSuffix(9));

        assertEquals(voters(2), copy.current());
        assertEquals(voters(3), history.current());
    }
}
