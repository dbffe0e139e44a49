/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.standing;

import com.google.protobuf.InvalidProtocolBufferException;
import io.quorate.internal.v1.KnownNode;
import io.quorate.logstore.CorruptLogException;
import io.quorate.logstore.StorageException;
import io.quorate.logstore.io.Disk;
import io.quorate.logstore.io.DiskFile;
import io.quorate.raft.log.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * {@link NodeMemory} on the disk, in the file {@value #NAME} of the data directory: written beside, forced, and renamed,
 * so that a crash leaves the old one or the new one.
 *
 * <pre>
 *   0  8  magic "QRTMEMB\n"
 *   8  4  length of the body in bytes
 *  12  4  CRC32C of the body
 *  16     body: quorate.internal.v1.NodeMemory
 * </pre>
 *
 * Blocks; one call at a time.
 */
public final class NodeMemoryFile {
    static final String NAME = "MEMBERS";
    static final long MAGIC = 0x5152544D454D420AL;
    static final int HEADER_BYTES = 16;

    private static final int MAX_BODY_BYTES = 1 << 20;

    private final Disk disk;
    private final Path directory;

    /** @param directory the node's data directory, which exists */
    public NodeMemoryFile(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    /**
     * Empty if it was never written.
     *
     * @throws CorruptLogException if it is damaged: a node that does not know what it has seen must not vote
     * @throws StorageException    if it cannot be read
     */
    public Optional<NodeMemory> read() {
        Path path = directory.resolve(NAME);
        try {
            if (!disk.exists(path)) {
                return Optional.empty();
            }
            try (DiskFile file = disk.open(path)) {
                return Optional.of(decode(path, file));
            }
        } catch (IOException e) {
            throw new StorageException(path, "cannot be read", e);
        }
    }

    /**
     * Durable when this returns.
     *
     * @throws StorageException if the disk fails
     */
    public void write(NodeMemory memory) {
        Path path = directory.resolve(NAME);
        Path temporary = directory.resolve(NAME + ".new");
        try {
            if (disk.exists(temporary)) {
                disk.delete(temporary);
            }
            try (DiskFile file = disk.create(temporary)) {
                file.write(encode(memory), 0);
                file.force();
            }
            disk.rename(temporary, path);
            disk.forceDirectory(directory);
        } catch (IOException e) {
            throw new StorageException(path, "cannot be written", e);
        }
    }

    private static ByteBuffer encode(NodeMemory memory) {
        io.quorate.internal.v1.NodeMemory.Builder body = io.quorate.internal.v1.NodeMemory.newBuilder();
        memory.admission().ifPresent(body::setAdmission);
        memory.founders().forEach(founder -> body.addFounders(founder.value()));
        memory.nodes()
                .forEach((node, known) -> body.addNodes(KnownNode.newBuilder()
                        .setNodeId(node.value())
                        .setAdmission(known.admission())
                        .setIncarnation(known.incarnation())
                        .setPeerAddress(known.peerAddress())));
        byte[] bytes = body.build().toByteArray();
        return ByteBuffer.allocate(HEADER_BYTES + bytes.length)
                .putLong(MAGIC)
                .putInt(bytes.length)
                .putInt(checksum(bytes))
                .put(bytes)
                .flip();
    }

    private static NodeMemory decode(Path path, DiskFile file) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        if (file.read(header, 0) < HEADER_BYTES || header.getLong(0) != MAGIC) {
            throw damaged(path);
        }
        int length = header.getInt(8);
        if (length < 0 || length > MAX_BODY_BYTES || file.size() != HEADER_BYTES + (long) length) {
            throw damaged(path);
        }
        ByteBuffer body = ByteBuffer.allocate(length);
        if (file.read(body, HEADER_BYTES) < length || checksum(body.array()) != header.getInt(12)) {
            throw damaged(path);
        }
        try {
            return memory(io.quorate.internal.v1.NodeMemory.parseFrom(body.array()));
        } catch (InvalidProtocolBufferException | IllegalArgumentException malformed) {
            throw damaged(path);
        }
    }

    private static NodeMemory memory(io.quorate.internal.v1.NodeMemory body) {
        List<NodeId> founders = new ArrayList<>();
        body.getFoundersList().forEach(founder -> founders.add(new NodeId(founder)));
        TreeMap<NodeId, NodeMemory.Known> nodes = new TreeMap<>();
        for (KnownNode node : body.getNodesList()) {
            nodes.put(
                    new NodeId(node.getNodeId()),
                    new NodeMemory.Known(node.getAdmission(), node.getIncarnation(), node.getPeerAddress()));
        }
        return new NodeMemory(
                body.hasAdmission() ? OptionalInt.of(body.getAdmission()) : OptionalInt.empty(), founders, nodes);
    }

    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static CorruptLogException damaged(Path path) {
        return new CorruptLogException(
                path,
                0,
                0,
                "what this node knew of the others' disks is damaged; start it with an empty data directory and readmit"
                        + " it");
    }
}
