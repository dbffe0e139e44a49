/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.Disk;
import io.quorate.node.api.EventKind;
import io.quorate.node.api.EventQuery;
import io.quorate.node.api.NodeEvent;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.Result;
import io.quorate.node.seam.GuardedLoop;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what happens on a node: the newest events in memory, more of them in an {@link EventRing} on its disk, to which
 * they are written in the background.
 *
 * <p>Never in the way: what the disk does not take is dropped and counted, a storm of events is cut off, and a ring that
 * cannot be opened leaves the node with its memory. Event loop only.
 */
public final class FlightRecorder {
    private static final Logger LOG = LoggerFactory.getLogger(FlightRecorder.class);

    /** Events in memory, and events that wait to be written. */
    static final int MEMORY_EVENTS = 1_024;
    /** Answers under way that read from the disk. */
    private static final int MAX_DISK_QUERIES = 4;

    private static final long BUSY_RETRY_MILLIS = 200;

    private final GuardedLoop loop;
    private final Disk disk;
    private final Path dataDirectory;
    private final Executor writer;
    private final Executor reader;
    private final Optional<EventRing> ring;
    private final EventRate rate;
    private final ArrayDeque<NodeEvent> recent = new ArrayDeque<>();
    private List<NodeEvent> unwritten = new ArrayList<>();
    private long lastSequence;
    private boolean writing;
    private boolean failing;
    private boolean closing;
    private int diskQueries;

    private FlightRecorder(
            GuardedLoop loop,
            Disk disk,
            Path dataDirectory,
            Executor writer,
            Executor reader,
            Optional<EventRing> ring) {
        this.loop = loop;
        this.disk = disk;
        this.dataDirectory = dataDirectory;
        this.writer = writer;
        this.reader = reader;
        this.ring = ring;
        this.rate = new EventRate(loop.clock().nanoTime());
        this.lastSequence = ring.map(EventRing::lastSequence).orElse(0L);
    }

    /**
     * Goes on where the node's last process has ended. Reads files, so only before the loop runs anything else.
     *
     * @param maxBytes of the files together; see {@link EventRing#MIN_BYTES} and {@link EventRing#MAX_BYTES}
     * @param writer   runs writes, one at a time
     * @param reader   runs reads of what is not in memory
     */
    public static FlightRecorder open(
            GuardedLoop loop, Disk disk, Path dataDirectory, long maxBytes, Executor writer, Executor reader) {
        Optional<EventRing> ring = Optional.empty();
        List<NodeEvent> former = new ArrayList<>();
        try {
            ring = Optional.of(EventRing.open(disk, dataDirectory, maxBytes));
            former.addAll(newest(disk, dataDirectory, MEMORY_EVENTS, event -> true));
        } catch (StorageException e) {
            LOG.warn("events are kept in memory only until a restart: {}", e.getMessage());
        }
        FlightRecorder recorder = new FlightRecorder(loop, disk, dataDirectory, writer, reader, ring);
        recorder.recent.addAll(former);
        return recorder;
    }

    /** Something happened that concerns the whole node. */
    public void record(EventKind kind, int peer, String detail) {
        record(kind, NodeEvent.NO_GROUP, 0, peer, detail);
    }

    public void record(EventKind kind, long groupId, long generation, int peer, String detail) {
        long now = loop.clock().nanoTime();
        if (!rate.admits(now)) {
            return;
        }
        long dropped = rate.takeDropped();
        if (dropped > 0) {
            add(EventKind.EVENTS_DROPPED, NodeEvent.NO_GROUP, 0, 0, dropped + " events at once were too many");
        }
        add(kind, groupId, generation, peer, detail);
        write();
    }

    private void add(EventKind kind, long groupId, long generation, int peer, String detail) {
        lastSequence++;
        NodeEvent event =
                new NodeEvent(lastSequence, loop.clock().currentTimeMillis(), kind, groupId, generation, peer, detail);
        recent.add(event);
        if (recent.size() > MEMORY_EVENTS) {
            recent.poll();
        }
        // Of a disk that does not answer: what is in memory goes down with the process, which is better than to grow.
        if (ring.isPresent() && unwritten.size() < MEMORY_EVENTS) {
            unwritten.add(event);
        }
    }

    private void write() {
        if (writing || closing || unwritten.isEmpty() || ring.isEmpty()) {
            return;
        }
        writing = true;
        List<NodeEvent> batch = unwritten;
        unwritten = new ArrayList<>();
        loop.offload(
                writer,
                () -> {
                    ring.get().append(batch);
                    return batch;
                },
                written -> onWritten(),
                this::onNotWritten);
    }

    private void onWritten() {
        writing = false;
        failing = false;
        write();
    }

    private void onNotWritten(StorageException fault) {
        writing = false;
        if (!failing) {
            failing = true;
            LOG.warn("events are lost: {}", fault.getMessage());
        }
    }

    /** Of the newest event; 0 if there is none. */
    public long lastSequence() {
        return lastSequence;
    }

    /** @param groups which of the replicas are meant; events of the whole node always are */
    public void query(EventQuery query, LongPredicate groups, Consumer<Result<List<NodeEvent>>> answer) {
        Filter filter = new Filter(query, groups);
        List<NodeEvent> inMemory = new ArrayList<>();
        for (NodeEvent event : recent) {
            if (filter.accepts(event)) {
                inMemory.add(event);
            }
        }
        boolean enough = query.recentOnly()
                || ring.isEmpty()
                || inMemory.size() >= query.limit()
                || recent.isEmpty()
                || recent.peek().sequence() <= query.afterSequence() + 1
                || recent.peek().timeMillis() < query.sinceMillis();
        if (enough) {
            answer.accept(new Result.Ok<>(last(inMemory, query.limit())));
        } else if (diskQueries >= MAX_DISK_QUERIES) {
            answer.accept(new Result.Refused<>(Refusal.of(
                            Reason.OVERLOADED,
                            "this node already reads its events from disk for " + diskQueries + " others")
                    .retryAfter(BUSY_RETRY_MILLIS)));
        } else {
            diskQueries++;
            long memoryBegins = recent.peek().sequence();
            int wanted = query.limit() - inMemory.size();
            loop.offload(
                    reader,
                    () -> newest(
                            disk,
                            dataDirectory,
                            wanted,
                            event -> event.sequence() < memoryBegins && filter.accepts(event)),
                    older -> {
                        diskQueries--;
                        older.addAll(inMemory);
                        answer.accept(new Result.Ok<>(older));
                    },
                    fault -> {
                        diskQueries--;
                        LOG.warn("older events cannot be read: {}", fault.getMessage());
                        answer.accept(new Result.Ok<>(inMemory));
                    });
        }
    }

    private record Filter(EventQuery query, LongPredicate groups) {
        boolean accepts(NodeEvent event) {
            return event.sequence() > query.afterSequence()
                    && event.timeMillis() >= query.sinceMillis()
                    && (event.concernsNode() || groups.test(event.groupId()));
        }
    }

    private interface Condition {
        boolean holds(NodeEvent event);
    }

    private static List<NodeEvent> newest(Disk disk, Path dataDirectory, int count, Condition condition) {
        ArrayDeque<NodeEvent> newest = new ArrayDeque<>();
        EventRing.read(disk, dataDirectory, event -> {
            if (condition.holds(event)) {
                newest.add(event);
                if (newest.size() > count) {
                    newest.poll();
                }
            }
        });
        return new ArrayList<>(newest);
    }

    private static List<NodeEvent> last(List<NodeEvent> events, int count) {
        return events.subList(Math.max(0, events.size() - count), events.size());
    }

    /** Writes what waits and lets go of the files, then runs {@code onClosed} on the loop. Once; nothing is recorded after. */
    public void close(Runnable onClosed) {
        closing = true;
        List<NodeEvent> batch = unwritten;
        unwritten = new ArrayList<>();
        if (ring.isEmpty()) {
            onClosed.run();
            return;
        }
        loop.offload(
                writer,
                () -> {
                    ring.get().append(batch);
                    ring.get().close();
                    return batch;
                },
                written -> onClosed.run(),
                fault -> onClosed.run());
    }
}
