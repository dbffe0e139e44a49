/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.raft.Prng;
import io.quorate.wire.BatchHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The table of producers")
class ProducerTableTest {
    private static BatchHeader batch(long producer, int epoch, long sequence, int count) {
        return new BatchHeader(100, 0, count, producer, epoch, sequence, 0, 0);
    }

    @Nested
    @DisplayName("which holds [0–9 at 100] [10–19 at 200] [20–24 at 300] of producer 7 in epoch 2")
    class WithThreeRanges {
        private final ProducerTable table = new ProducerTable();

        WithThreeRanges() {
            table.append(batch(7, 2, 0, 5), 100);
            table.append(batch(7, 2, 5, 5), 105);
            table.append(batch(7, 2, 10, 10), 200);
            table.append(batch(7, 2, 20, 5), 300);
        }

        @ParameterizedTest(name = "epoch {0}, sequence {1}, {2} records: {3}")
        @CsvSource(
                delimiter = '|',
                value = {
                    "2 | 25 |  3 | New[]",
                    "2 |  0 |  5 | Duplicate[baseOffset=100]",
                    "2 |  5 |  5 | Duplicate[baseOffset=105]",
                    "2 | 10 | 10 | Duplicate[baseOffset=200]",
                    "2 | 22 |  2 | Duplicate[baseOffset=302]",
                    "2 | 26 |  1 | OutOfSequence[expected=25]",
                    "2 | 24 |  2 | OutOfSequence[expected=25]",
                    "2 |  8 |  4 | OutOfSequence[expected=25]",
                    "1 | 25 |  1 | ProducerFenced[epoch=2]",
                    "1 |  0 |  5 | ProducerFenced[epoch=2]",
                    "3 |  0 |  1 | New[]",
                    "3 | 25 |  1 | OutOfSequence[expected=0]"
                })
        void verdicts(int epoch, long sequence, int count, String verdict) {
            assertEquals(verdict, table.check(batch(7, epoch, sequence, count)).toString());
        }

        @Test
        @DisplayName("does not know other producers but lets them start at 0")
        void otherProducers() {
            assertInstanceOf(ProducerVerdict.New.class, table.check(batch(8, 0, 0, 1)));
            assertInstanceOf(ProducerVerdict.UnknownProducer.class, table.check(batch(8, 0, 1, 1)));
        }

        @Test
        @DisplayName("takes every batch that is not idempotent")
        void notIdempotent() {
            table.append(batch(0, 0, 0, 1), 400);
            assertInstanceOf(ProducerVerdict.New.class, table.check(batch(0, 0, 0, 1)));
            assertEquals(1, table.size());
        }

        @Test
        @DisplayName("RF-31 forgets the older epoch's sequences when a newer one appends")
        void newerEpoch() {
            table.append(batch(7, 3, 0, 2), 400);

            assertEquals(new ProducerVerdict.Duplicate(400), table.check(batch(7, 3, 0, 2)));
            assertEquals(new ProducerVerdict.OutOfSequence(2), table.check(batch(7, 3, 10, 10)));
        }
    }

    @Test
    @DisplayName("forgets the oldest range of a producer first, and then says that a duplicate is too old")
    void oldestRange() {
        ProducerTable table = new ProducerTable(10, 2);
        table.append(batch(7, 0, 0, 1), 100);
        table.append(batch(7, 0, 1, 1), 200);
        table.append(batch(7, 0, 2, 1), 300);

        assertEquals(new ProducerVerdict.DuplicateTooOld(3), table.check(batch(7, 0, 0, 1)));
        assertEquals(new ProducerVerdict.Duplicate(200), table.check(batch(7, 0, 1, 1)));
        assertEquals(new ProducerVerdict.Duplicate(300), table.check(batch(7, 0, 2, 1)));
    }

    @Test
    @DisplayName("forgets the producer that has appended least recently first, whoever asks about it")
    void leastRecentProducer() {
        ProducerTable table = new ProducerTable(2, 64);
        table.append(batch(1, 0, 0, 1), 10);
        table.append(batch(2, 0, 0, 1), 20);
        table.append(batch(1, 0, 1, 1), 30);
        table.check(batch(2, 0, 0, 1));

        table.append(batch(3, 0, 0, 1), 40);

        assertEquals(2, table.size());
        assertInstanceOf(ProducerVerdict.UnknownProducer.class, table.check(batch(2, 0, 1, 1)));
        assertEquals(new ProducerVerdict.Duplicate(10), table.check(batch(1, 0, 0, 1)));
    }

    @Test
    @DisplayName(
            "tells whom it may have forgotten: nobody before it is full, then whoever began before all who are in it")
    void mayHaveForgotten() {
        ProducerTable table = new ProducerTable(2, 64);
        table.append(batch(1, 0, 0, 1), 10);
        assertFalse(table.mayHaveForgotten(9, 0), "not full");
        table.append(batch(2, 0, 0, 5), 20);
        table.append(batch(3, 0, 0, 1), 30);

        assertTrue(table.mayHaveForgotten(1, 10), "forgotten");
        assertTrue(table.mayHaveForgotten(9, 24), "cannot be told from one that is forgotten");
        assertFalse(table.mayHaveForgotten(9, 25), "would be behind producer 2, which is there");
        assertFalse(table.mayHaveForgotten(2, 0), "is there");
        assertFalse(table.mayHaveForgotten(0, 0), "is no producer");
    }

    @Test
    @DisplayName("stays in a view what it was when that was taken, whatever is appended or forgotten since")
    void view() {
        ProducerTable table = new ProducerTable(2, 2);
        table.append(batch(1, 0, 0, 5), 10);
        table.append(batch(2, 3, 0, 1), 20);

        ProducerTable.View first = table.view();
        table.append(batch(1, 0, 5, 1), 15);
        table.append(batch(2, 4, 0, 7), 30);
        ProducerTable.View second = table.view();
        table.append(batch(2, 4, 7, 1), 40);
        table.append(batch(2, 4, 8, 1), 50);
        table.append(batch(3, 0, 0, 1), 60);

        assertEquals(List.of("1/0 [0, 5, 10]", "2/3 [0, 1, 20]"), contents(first));
        assertEquals(List.of("1/0 [0, 6, 10]", "2/4 [0, 7, 30]"), contents(second));
        assertEquals(List.of("2/4 [7, 1, 40, 8, 1, 50]", "3/0 [0, 1, 60]"), contents(table.view()));
    }

    private static List<String> contents(ProducerTable.View view) {
        List<String> contents = new ArrayList<>();
        view.forEach((id, epoch, ranges, count) ->
                contents.add(id + "/" + epoch + " " + Arrays.toString(Arrays.copyOf(ranges, 3 * count))));
        return contents;
    }

    /** The offset of every single record, for as many producers as may be remembered. */
    private static final class Model {
        private static final class Known {
            int epoch;
            final List<Long> offsets = new ArrayList<>();
        }

        private final LinkedHashMap<Long, Known> producers = new LinkedHashMap<>();
        private final int maxProducers;

        Model(int maxProducers) {
            this.maxProducers = maxProducers;
        }

        void append(BatchHeader header, long baseOffset) {
            if (header.producerId() == 0) {
                return;
            }
            Known known = producers.remove(header.producerId());
            if (known == null || known.epoch != header.producerEpoch()) {
                known = new Known();
                known.epoch = header.producerEpoch();
            }
            producers.put(header.producerId(), known);
            if (producers.size() > maxProducers) {
                producers.remove(producers.keySet().iterator().next());
            }
            for (int i = 0; i < header.recordCount(); i++) {
                known.offsets.add(baseOffset + i);
            }
        }

        ProducerVerdict check(BatchHeader header) {
            Known known = producers.get(header.producerId());
            long first = header.baseSequence();
            if (header.producerId() == 0 || known == null && first == 0) {
                return new ProducerVerdict.New();
            }
            if (known == null) {
                return new ProducerVerdict.UnknownProducer();
            }
            if (header.producerEpoch() < known.epoch) {
                return new ProducerVerdict.ProducerFenced(known.epoch);
            }
            long expected = header.producerEpoch() > known.epoch ? 0 : known.offsets.size();
            if (first == expected) {
                return new ProducerVerdict.New();
            }
            if (first + header.recordCount() > expected) {
                return new ProducerVerdict.OutOfSequence(expected);
            }
            long offset = known.offsets.get((int) first);
            for (int i = 1; i < header.recordCount(); i++) {
                if (known.offsets.get((int) first + i) != offset + i) {
                    return new ProducerVerdict.OutOfSequence(expected);
                }
            }
            return new ProducerVerdict.Duplicate(offset);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("agrees with a model that remembers everything, over random appends, retries, gaps and new epochs")
    void agreesWithTheModel(long seed) {
        Prng random = new Prng(seed);
        ProducerTable table = new ProducerTable(3, 1_000);
        Model model = new Model(3);
        List<BatchHeader> sent = new ArrayList<>();
        long[] nextSequence = new long[6];
        int[] epoch = new int[6];
        long offset = 0;
        for (int step = 0; step < 3_000; step++) {
            BatchHeader header;
            if (!sent.isEmpty() && random.nextInt(3) == 0) {
                header = sent.get(random.nextInt(sent.size()));
            } else {
                int producer = random.nextInt(6);
                if (random.nextInt(50) == 0) {
                    epoch[producer]++;
                    nextSequence[producer] = 0;
                }
                long gap = random.nextInt(20) == 0 ? 1 : 0;
                header = batch(producer, epoch[producer], nextSequence[producer] + gap, 1 + random.nextInt(4));
            }
            ProducerVerdict verdict = table.check(header);
            assertEquals(model.check(header), verdict, "step " + step + ", " + header);
            if (verdict instanceof ProducerVerdict.New) {
                table.append(header, offset);
                model.append(header, offset);
                offset += header.recordCount();
                int producer = (int) header.producerId();
                if (header.producerEpoch() == epoch[producer]) {
                    nextSequence[producer] = header.baseSequence() + header.recordCount();
                }
                sent.add(header);
            } else if (verdict instanceof ProducerVerdict.UnknownProducer) {
                nextSequence[(int) header.producerId()] = 0;
            }
        }
        assertEquals(3, table.size());
    }
}
