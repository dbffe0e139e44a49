/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.logstore.SegmentInfo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Six segments of ten entries with one record each: indexes 1 to 60, offsets 0 to 59; the last one is being written. */
@DisplayName("What is deleted of a log's beginning")
class RetentionTest {
    private static List<SegmentInfo> segments() {
        List<SegmentInfo> segments = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            segments.add(new SegmentInfo(10L * i + 1, 10L * i + 10, 10L * i, 10L * i + 10, 1000, i, i < 5, 0));
        }
        return segments;
    }

    @ParameterizedTest(name = "low-water mark {0}, applied {1}, everywhere up to {2}: kept from {3}")
    @CsvSource({
        // what is below the low-water mark, by whole segments, and never the one that is written
        "  0, 60, 60,  0",
        "  9, 60, 60,  0",
        " 10, 60, 60, 11",
        " 59, 60, 60, 51",
        " 60, 60, 60, 51",
        // not what is not applied here
        " 60, 29, 60, 21",
        // a replica that lacks something holds back at most two of them
        " 60, 60, 49, 41",
        " 60, 60, 39, 31",
        " 60, 60, 12, 31",
        " 60, 60,  0, 31",
        " 20, 60, 12, 11",
        " 20, 60,  0,  0"
    })
    void keepsFrom(long lowWatermark, long applied, long everywhere, long expected) {
        assertEquals(expected, Retention.keepFromIndex(segments(), applied, everywhere, lowWatermark));
    }
}
