/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.DataDirectory;
import io.quorate.logstore.LogStore;
import io.quorate.logstore.LogStoreConfig;
import io.quorate.logstore.LostStateException;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.StoreIdentity;
import io.quorate.logstore.WriteBuffer;
import io.quorate.logstore.io.Disk;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens and removes the logs of a node's groups, each in its numbered directory: names from clients never become part of
 * a path. All logs are written by the node's one flush thread and share its buffer. Blocks; thread-safe.
 */
public final class GroupDirectories {
    private static final Logger LOG = LoggerFactory.getLogger(GroupDirectories.class);
    /** A file in the directory of a group of which everything is about to go. */
    public static final String REMOVAL_MARK = "removing";

    private static final Pattern GROUP_NAME = Pattern.compile("0|[1-9][0-9]{0,17}");

    /** The registry's log is small, and is read from its first kept segment on whenever a node starts. */
    private static final int METADATA_SEGMENT_BYTES = 1 << 20;

    private final Disk disk;
    private final DataDirectory dataDirectory;
    private final String clusterId;
    private final NodeId self;
    private final LogStoreConfig config;
    private final Executor background;
    private final WriteBuffer writeBuffer;
    private final Stays stays;

    /** @throws StorageException if the data directory cannot be looked at */
    public GroupDirectories(
            Disk disk,
            DataDirectory dataDirectory,
            String clusterId,
            NodeId self,
            LogStoreConfig config,
            Executor background) {
        this.disk = disk;
        this.dataDirectory = dataDirectory;
        this.clusterId = clusterId;
        this.self = self;
        this.config = config;
        this.background = background;
        this.stays = new Stays(disk, dataDirectory.root());
        this.writeBuffer = WriteBuffer.of(disk, dataDirectory.root(), config, WriteBuffer.DEFAULT_BYTES);
        if (writeBuffer.blockBytes() > 1) {
            LOG.info("logs in {} are written directly, in blocks of {} bytes", root(), writeBuffer.blockBytes());
        } else {
            LOG.info(
                    "logs in {} are written through the operating system's cache: {}",
                    root(),
                    config.directIo() ? "this file system takes no direct writes" : "log.direct_io is off");
        }
    }

    private Path root() {
        return dataDirectory.root();
    }

    /**
     * Opens or creates a group's log. What a crash left of a removal is removed first. The log may be damaged, which it
     * tells by {@link LogStore#damage}.
     *
     * @throws LostStateException if nothing that the others have could make it whole; says what to do
     * @throws StorageException   if the disk fails
     */
    public LogStore open(long groupId) {
        if (isBeingRemoved(groupId)) {
            remove(groupId);
        }
        try {
            return LogStore.open(
                    disk,
                    dataDirectory.groupDirectory(groupId),
                    new StoreIdentity(clusterId, self.value(), groupId),
                    groupId == GroupName.METADATA.groupId() ? metadataConfig() : config,
                    background,
                    writeBuffer);
        } catch (LostStateException lost) {
            throw lost.advising("a restart does not help: give node " + self.value()
                    + " an empty data directory, start it and run 'quorate node readmit " + self.value()
                    + "'; it gets everything back from the others");
        }
    }

    private LogStoreConfig metadataConfig() {
        int segmentBytes = Math.min(config.segmentBytes(), METADATA_SEGMENT_BYTES);
        return new LogStoreConfig(
                segmentBytes,
                Math.min(config.zeroAheadBytes(), segmentBytes / 4),
                config.indexIntervalBytes(),
                config.directIo());
    }

    /**
     * As {@link #open}, with what its replica begins from.
     *
     * @throws StorageException also if the log begins after the newest snapshot that is good
     */
    public GroupLog openGroup(long groupId) {
        LogStore store = open(groupId);
        try {
            GroupLog log = GroupLog.of(store);
            if (store.damage().isEmpty() && log.snapshotEnd().index() < store.firstIndex() - 1) {
                throw new StorageException(
                        dataDirectory.groupDirectory(groupId),
                        "the log begins at index " + store.firstIndex()
                                + ", but the newest good snapshot ends with entry " + log.snapshotEnd(),
                        null);
            }
            return log;
        } catch (StorageException unusable) {
            store.close();
            throw unusable;
        }
    }

    /**
     * As {@link #openGroup}, for one stay of this node in the group; what is left of an earlier one is removed.
     *
     * @return empty if that stay is over, or a later one has begun: whoever wants it speaks of the past
     */
    public Optional<GroupLog> openStay(long groupId, int stay) {
        Stays.Stay known = stays.of(groupId);
        if (known.number() > stay || known.number() == stay && known.isOver()) {
            return Optional.empty();
        }
        if (known.number() < stay) {
            // Members of an earlier stay were replaced before the registry gave this one.
            remove(groupId);
            stays.put(groupId, new Stays.Stay(stay, false));
        }
        return Optional.of(openGroup(groupId));
    }

    /**
     * Ends a stay of this node in a group, for good, and removes what is left of it. Of a later one nothing is touched.
     *
     * @return whether nothing of the group is left; false if a later stay has begun
     * @throws StorageException if the disk fails; what is left is removed at the next try
     */
    public boolean endStay(long groupId, int stay) {
        Stays.Stay known = stays.of(groupId);
        if (known.number() > stay && !known.isOver()) {
            return false;
        }
        // Noted as over by a later number: this one ended as of that, and a crash may have spared some of it.
        if (!known.isOver() || known.number() < stay) {
            stays.put(groupId, new Stays.Stay(stay, true));
        }
        remove(groupId);
        return true;
    }

    /**
     * Removes everything of a group that is deleted.
     *
     * @throws StorageException if the disk fails; what is left is removed at the next try
     */
    public void delete(long groupId) {
        remove(groupId);
        stays.forget(groupId);
    }

    /**
     * Whether there is anything of the group.
     *
     * @throws StorageException if the disk cannot be looked at
     */
    public static boolean exists(Disk disk, DataDirectory dataDirectory, long groupId) {
        Path directory = dataDirectory.groupDirectory(groupId);
        try {
            return disk.exists(directory);
        } catch (IOException e) {
            throw new StorageException(directory, "cannot look for it", e);
        }
    }

    /**
     * The groups that have a directory, in order.
     *
     * @throws StorageException if the disk fails
     */
    public List<Long> groups() {
        Path all = dataDirectory.groupDirectory(0).getParent();
        try {
            List<Long> groups = new ArrayList<>();
            for (String name : disk.list(all)) {
                if (GROUP_NAME.matcher(name).matches()) {
                    groups.add(Long.parseLong(name));
                }
            }
            groups.sort(null);
            return groups;
        } catch (IOException e) {
            throw new StorageException(all, "cannot be listed", e);
        }
    }

    private boolean isBeingRemoved(long groupId) {
        Path mark = dataDirectory.groupDirectory(groupId).resolve(REMOVAL_MARK);
        try {
            return disk.exists(mark);
        } catch (IOException e) {
            throw new StorageException(mark, "cannot look for it", e);
        }
    }

    /**
     * Removes what the group has left, if anything. A mark comes first and goes last, durably, so that a log of which a
     * crash has spared only a part is known for what it is, not taken for a damaged one: the registry is applied from its
     * newest snapshot on after a start, and may want the group again until it comes to its deletion.
     *
     * @throws StorageException if the disk fails; what is left is removed at the next try
     */
    public void remove(long groupId) {
        Path directory = dataDirectory.groupDirectory(groupId);
        try {
            if (!disk.exists(directory)) {
                return;
            }
            Path mark = directory.resolve(REMOVAL_MARK);
            if (!disk.exists(mark)) {
                disk.create(mark).close();
            }
            disk.forceDirectory(directory);
            for (String file : disk.list(directory)) {
                if (!file.equals(REMOVAL_MARK)) {
                    disk.delete(directory.resolve(file));
                }
            }
            disk.forceDirectory(directory);
            disk.delete(mark);
            // Or the mark comes back after a loss of power, and the directory with it.
            disk.forceDirectory(directory);
            disk.delete(directory);
            disk.forceDirectory(directory.getParent());
        } catch (IOException e) {
            throw new StorageException(directory, "cannot remove the log of a deleted partition", e);
        }
    }
}
