/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Snapshots on their way to followers, of all groups together")
class SnapshotBudgetTest {
    private final SnapshotBudget budget = new SnapshotBudget();

    @Test
    @DisplayName("are read one at a time, and only while those in memory leave room")
    void bounded() {
        assertTrue(budget.tryRead());
        assertFalse(budget.tryRead(), "one is being read");
        budget.read(SnapshotBudget.MAX_BYTES - 1);
        assertTrue(budget.tryRead());
        budget.read(5);
        assertFalse(budget.tryRead(), "those that are there take all the room");

        budget.release(5);

        assertTrue(budget.tryRead());
        budget.read(0);
        assertEquals(SnapshotBudget.MAX_BYTES - 1, budget.bytes());
    }
}
