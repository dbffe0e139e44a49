/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.wire.BatchHeader;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which sequences of which producers the log of a partition holds, and at which offsets (promise P4). A function of the
 * log alone: every replica that has applied the same entries has the same table.
 *
 * <pre>
 *   producer 17, epoch 2:   [seq 0–99 → offset 40–139] [seq 100–149 → offset 180–229]     next sequence: 150
 * </pre>
 *
 * <p>Ranges that are contiguous in both sequence and offset are one. Bounded: the oldest range of a producer and the
 * producer that has appended least recently are forgotten first. A newer epoch starts again at sequence 0 and forgets
 * what the older one did.
 *
 * <p>Not thread-safe, but for a {@link View}: taking one costs a walk over the producers, not over their ranges (10,000 in
 * 0.1 ms); a producer that is in one is copied before its next change.
 */
public final class ProducerTable {
    public static final int MAX_RANGES_PER_PRODUCER = 64;
    public static final int MAX_PRODUCERS = 10_000;

    /** One producer's window of ranges. */
    private static final class Producer {
        final long id;
        /** How many views had been taken when this was made: it is in none of them. */
        final int views;

        int epoch;
        /** Triples of first sequence, count and base offset, oldest first. */
        long[] ranges;

        int size;

        Producer(long id, int views, int epoch, long[] ranges, int size) {
            this.id = id;
            this.views = views;
            this.epoch = epoch;
            this.ranges = ranges;
            this.size = size;
        }

        Producer(long id, int views, int epoch) {
            this(id, views, epoch, new long[3], 0);
        }

        Producer copy(int newViews) {
            return new Producer(id, newViews, epoch, Arrays.copyOf(ranges, 3 * size), size);
        }

        long first(int range) {
            return ranges[3 * range];
        }

        long end(int range) {
            return ranges[3 * range] + ranges[3 * range + 1];
        }

        long baseOffset(int range) {
            return ranges[3 * range + 2];
        }

        /** Behind its last batch. */
        long endOffset() {
            return baseOffset(size - 1) + ranges[3 * (size - 1) + 1];
        }

        long nextSequence() {
            return end(size - 1);
        }

        void add(long firstSequence, int count, long baseOffset, int maxRanges) {
            if (size > 0 && nextSequence() == firstSequence) {
                int last = size - 1;
                if (baseOffset(last) + ranges[3 * last + 1] == baseOffset) {
                    ranges[3 * last + 1] += count;
                    return;
                }
            }
            if (size == maxRanges) {
                System.arraycopy(ranges, 3, ranges, 0, 3 * (size - 1));
                size--;
            } else if (3 * size == ranges.length) {
                ranges = Arrays.copyOf(ranges, 3 * Math.min(maxRanges, 2 * size));
            }
            ranges[3 * size] = firstSequence;
            ranges[3 * size + 1] = count;
            ranges[3 * size + 2] = baseOffset;
            size++;
        }
    }

    private final int maxProducers;
    private final int maxRanges;
    /** The one that appended least recently comes first. */
    private final Map<Long, Producer> producers = new LinkedHashMap<>();

    private int views;

    public ProducerTable() {
        this(MAX_PRODUCERS, MAX_RANGES_PER_PRODUCER);
    }

    /** The bounds are part of what replicas must agree on; other than the standard ones are for tests. */
    ProducerTable(int maxProducers, int maxRanges) {
        this.maxProducers = maxProducers;
        this.maxRanges = maxRanges;
    }

    /** Sees one producer, the one that appended least recently first. */
    interface Visitor {
        /** @param ranges triples of first sequence, count and base offset, oldest first; so many, maybe of a longer array */
        void onProducer(long producerId, int epoch, long[] ranges, int count);
    }

    /** A table as it was once, whatever became of it since. Immutable, for any thread. */
    static final class View {
        private final Producer[] producers;

        private View(Producer[] producers) {
            this.producers = producers;
        }

        int size() {
            return producers.length;
        }

        void forEach(Visitor visitor) {
            for (Producer producer : producers) {
                visitor.onProducer(producer.id, producer.epoch, producer.ranges, producer.size);
            }
        }
    }

    /** This table as it is now. */
    View view() {
        views++;
        return new View(producers.values().toArray(new Producer[0]));
    }

    /**
     * Adds a producer as {@link View#forEach} has shown it, after those that are there.
     *
     * @throws IllegalArgumentException if it is there already, or cannot have been in such a table
     */
    void restore(long producerId, int epoch, long[] ranges) {
        int size = ranges.length / 3;
        if (producerId == 0
                || producers.containsKey(producerId)
                || producers.size() == maxProducers
                || size == 0
                || size > maxRanges
                || ranges.length % 3 != 0) {
            throw new IllegalArgumentException("producer " + Long.toUnsignedString(producerId) + " with "
                    + ranges.length + " numbers does not fit behind " + producers.size() + " others");
        }
        producers.put(producerId, new Producer(producerId, views, epoch, ranges.clone(), size));
    }

    public int size() {
        return producers.size();
    }

    void clear() {
        producers.clear();
    }

    /** What a batch is to this table. Changes nothing. */
    public ProducerVerdict check(BatchHeader header) {
        if (header.producerId() == 0) {
            return ProducerVerdict.New.INSTANCE;
        }
        Producer producer = producers.get(header.producerId());
        long first = header.baseSequence();
        if (producer == null) {
            return first == 0 ? ProducerVerdict.New.INSTANCE : new ProducerVerdict.UnknownProducer();
        }
        if (header.producerEpoch() != producer.epoch) {
            return checkEpoch(header, producer.epoch);
        }
        long expected = producer.nextSequence();
        if (first == expected) {
            return ProducerVerdict.New.INSTANCE;
        }
        long end = first + header.recordCount();
        if (end > expected) {
            return new ProducerVerdict.OutOfSequence(expected);
        }
        if (first < producer.first(0)) {
            return new ProducerVerdict.DuplicateTooOld(expected);
        }
        for (int range = producer.size - 1; range >= 0; range--) {
            if (first >= producer.first(range)) {
                // A batch has contiguous offsets: one that lies across two ranges never was one batch of this log.
                return end <= producer.end(range)
                        ? new ProducerVerdict.Duplicate(producer.baseOffset(range) + first - producer.first(range))
                        : new ProducerVerdict.OutOfSequence(expected);
            }
        }
        throw new IllegalStateException("sequence " + first + " is not below the window and in no range of it");
    }

    /**
     * Whether a producer that is not here may have appended at this offset or behind it. Who was forgotten has appended
     * before everyone who is here; and nobody is, unless the table is full.
     */
    boolean mayHaveForgotten(long producerId, long sinceOffset) {
        if (producerId == 0 || producers.containsKey(producerId) || producers.size() < maxProducers) {
            return false;
        }
        Producer leastRecent = producers.values().iterator().next();
        return sinceOffset < leastRecent.endOffset();
    }

    /** What a batch of another epoch than the known one is. */
    static ProducerVerdict checkEpoch(BatchHeader header, int knownEpoch) {
        if (header.producerEpoch() < knownEpoch) {
            return new ProducerVerdict.ProducerFenced(knownEpoch);
        }
        return header.baseSequence() == 0 ? ProducerVerdict.New.INSTANCE : new ProducerVerdict.OutOfSequence(0);
    }

    /** Notes a batch that is in the log. */
    public void append(BatchHeader header, long baseOffset) {
        if (header.producerId() == 0) {
            return;
        }
        Producer producer = producers.remove(header.producerId());
        if (producer == null) {
            if (producers.size() == maxProducers) {
                Iterator<Producer> leastRecent = producers.values().iterator();
                leastRecent.next();
                leastRecent.remove();
            }
            producer = new Producer(header.producerId(), views, header.producerEpoch());
        } else if (producer.views != views) {
            producer = producer.copy(views);
        }
        if (producer.epoch != header.producerEpoch()) {
            producer.epoch = header.producerEpoch();
            producer.size = 0;
        }
        producers.put(header.producerId(), producer);
        producer.add(header.baseSequence(), header.recordCount(), baseOffset, maxRanges);
    }
}
