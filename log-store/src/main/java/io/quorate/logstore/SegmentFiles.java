/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The open files of one store's segments with their indexes: the active one always, and the sealed ones that were read
 * last, so that handles and memory do not grow with the log. A file is closed when nobody uses it any more, never under a
 * reader. Thread-safe.
 */
final class SegmentFiles {
    private static final int MAX_SEALED_OPEN = 2;

    private final Disk disk;
    private final StoreIdentity identity;
    private final LogStoreConfig config;
    /** By base index, least recently used first. */
    private final Map<Long, Handle> handles = new LinkedHashMap<>(16, 0.75f, true);

    private boolean closed;

    SegmentFiles(Disk disk, StoreIdentity identity, LogStoreConfig config) {
        this.disk = disk;
        this.identity = identity;
        this.config = config;
    }

    /** An open segment in use. Closing it gives it back. */
    final class Handle implements AutoCloseable {
        private final DiskFile file;
        private volatile SparseIndex index;
        private boolean pinned;
        private int users;
        private boolean dropped;

        private Handle(DiskFile file, SparseIndex index, boolean pinned) {
            this.file = file;
            this.index = index;
            this.pinned = pinned;
        }

        DiskFile file() {
            return file;
        }

        SparseIndex index() {
            return index;
        }

        /** In place of one that a sidecar had wrong. */
        void setIndex(SparseIndex right) {
            index = right;
        }

        @Override
        public void close() throws IOException {
            synchronized (SegmentFiles.this) {
                users--;
                closeIfUnused();
            }
        }

        private void closeIfUnused() throws IOException {
            if (dropped && users == 0) {
                file.close();
            }
        }
    }

    /** Takes over the open file of a segment that is now active: it stays open until {@link #unpin} or {@link #drop}. */
    synchronized Handle pin(Segment segment, DiskFile file, SparseIndex index) {
        Handle handle = new Handle(file, index, true);
        handles.put(segment.baseIndex(), handle);
        return handle;
    }

    /** The segment is sealed now. */
    synchronized void unpin(Segment segment) throws IOException {
        handles.get(segment.baseIndex()).pinned = false;
        evict();
    }

    /** Forgets a segment that is about to be deleted; returns whether nobody reads it. */
    synchronized boolean drop(Segment segment) throws IOException {
        Handle handle = handles.remove(segment.baseIndex());
        if (handle == null) {
            return true;
        }
        handle.dropped = true;
        handle.closeIfUnused();
        return handle.users == 0;
    }

    synchronized Handle acquire(Segment segment) throws IOException {
        if (closed) {
            throw new IOException(segment.path() + ": the store is closed");
        }
        Handle handle = handles.get(segment.baseIndex());
        if (handle == null) {
            handle = openSealed(segment);
            handles.put(segment.baseIndex(), handle);
        }
        handle.users++;
        evict();
        return handle;
    }

    private Handle openSealed(Segment segment) throws IOException {
        DiskFile file = disk.open(segment.path());
        try {
            return new Handle(file, indexOf(segment, file), false);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Of a damaged segment an empty one: its frames are found from its beginning, header by header. */
    private SparseIndex indexOf(Segment segment, DiskFile file) throws IOException {
        try {
            return tallyOf(segment, file).index();
        } catch (CorruptLogException damaged) {
            return new SparseIndex(config.indexIntervalBytes());
        }
    }

    /** What a sealed segment holds, from its sidecar, or else from its frames. */
    SegmentTally tallyOf(Segment segment, DiskFile file) throws IOException {
        Optional<SegmentTally> sidecar = sidecarOf(segment);
        return sidecar.isPresent() ? sidecar.get() : SegmentScan.ofSealed(segment, file, config);
    }

    /** One that cannot be read is as good as none. */
    private Optional<SegmentTally> sidecarOf(Segment segment) {
        try {
            return IndexFile.read(
                    disk, segment.path().getParent(), segment.header(), identity, config, segment.extent());
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    private void evict() throws IOException {
        int sealed = 0;
        for (Handle handle : handles.values()) {
            sealed += handle.pinned ? 0 : 1;
        }
        for (Iterator<Handle> all = handles.values().iterator(); sealed > MAX_SEALED_OPEN && all.hasNext(); ) {
            Handle handle = all.next();
            if (!handle.pinned && handle.users == 0) {
                all.remove();
                handle.dropped = true;
                handle.closeIfUnused();
                sealed--;
            }
        }
    }

    /** Closes all files, those in use when they are given back. */
    synchronized void close() throws IOException {
        closed = true;
        Map<Long, Handle> all = new TreeMap<>(handles);
        handles.clear();
        for (Handle handle : all.values()) {
            handle.dropped = true;
            handle.closeIfUnused();
        }
    }
}
