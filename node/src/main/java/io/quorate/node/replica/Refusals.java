/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.node.api.TopicPartition;
import io.quorate.raft.log.NodeId;
import io.quorate.wire.BatchHeader;
import io.quorate.wire.InvalidBatchException;
import java.util.List;
import java.util.stream.Collectors;

/** The refusals that partitions give, with the metadata that docs/errors.md promises. */
public final class Refusals {
    /** How soon a leader that still applies what it inherited is expected to be done. */
    private static final long RECOVERING_RETRY_MILLIS = 5;

    /** Who did not get an index does not get one at once either. */
    private static final long NO_READ_INDEX_RETRY_MILLIS = 20;

    /** About the time in which a node answers a good part of what it has in flight. */
    private static final long OVERLOADED_RETRY_MILLIS = 20;

    private Refusals() {}

    public static Refusal unknownTopic(String topic) {
        return Refusal.of(
                        Reason.UNKNOWN_TOPIC,
                        "there is no topic \"" + topic + "\" as far as this node knows; create it first")
                .with("topic", topic);
    }

    public static Refusal unknownPartition(TopicPartition partition, int partitions) {
        return Refusal.of(
                        Reason.UNKNOWN_PARTITION,
                        "topic \"" + partition.topic() + "\" has partitions 0 to " + (partitions - 1) + ", not "
                                + partition.partition())
                .with("topic", partition.topic())
                .with("partition", partition.partition());
    }

    /** The request is for another group than the one that the partition is. */
    public static Refusal notThisIncarnation(TopicPartition asked, long currentGroupId) {
        // Ids ascend: of two incarnations the later one has the higher id.
        return asked.groupId() < currentGroupId
                ? topicRecreated(asked, currentGroupId)
                : notItsGroup(asked, currentGroupId);
    }

    private static Refusal topicRecreated(TopicPartition asked, long currentGroupId) {
        return Refusal.of(
                        Reason.TOPIC_RECREATED,
                        asked + " as group " + asked.groupId() + " was deleted with its topic, which has been created"
                                + " again since: the partition is group " + currentGroupId
                                + " now and has offsets of its own; start anew with it")
                .with("topic", asked.topic())
                .with("group_id", currentGroupId);
    }

    /** This node's copy of the registry is behind. */
    public static Refusal notHeardOfYet(TopicPartition asked) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "this node has not heard of " + asked + " as group " + asked.groupId()
                                + " yet; ask another one")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    private static Refusal notItsGroup(TopicPartition asked, long currentGroupId) {
        return Refusal.of(
                        Reason.INVALID_ARGUMENT,
                        "group_id: " + asked + " is group " + currentGroupId + " and has never been group "
                                + asked.groupId() + "; take the id from the topic's description")
                .with("field", "group_id");
    }

    public static Refusal shuttingDown() {
        return Refusal.of(Reason.SHUTTING_DOWN, "this node is shutting down; ask another one")
                .retryAfter(100);
    }

    public static Refusal replicaLeft(GroupName group) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "this node holds no replica of " + group.label() + " any more; ask again who does")
                .retryAfter(20);
    }

    public static Refusal replicaFailed(GroupName group, String failure) {
        return Refusal.of(Reason.REPLICA_FAILED, "the replica of " + group + " on this node has failed: " + failure);
    }

    static Refusal fenced(GroupName group, long asked, long current) {
        return Refusal.of(
                        Reason.FENCED,
                        "generation " + asked + " of " + group.label() + " is over, the current one is " + current)
                .with("generation", current);
    }

    static Refusal behind(GroupName group, long asked, long current) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "this node knows " + group.label() + " in generation " + current + " only, not yet in " + asked)
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    static Refusal recovering(GroupName group) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "the leader of " + group.label() + " is recovering: it still applies what it inherited")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    static Refusal opening(GroupName group) {
        return Refusal.of(Reason.NO_LEADER, "the replica of " + group.label() + " on this node is being opened")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    static Refusal catchingUp(GroupName group) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "the replica of " + group.label()
                                + " on this node lacks what was trimmed meanwhile: it is being"
                                + " replaced by a snapshot of the leader")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    static Refusal leadershipLost(GroupName group, long generation) {
        return Refusal.of(
                        Reason.LEADERSHIP_LOST,
                        "leadership of " + group.label() + " in generation " + generation
                                + " ended before the outcome was known: it may or may not have been appended; an idempotent"
                                + " producer sends it again")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    public static Refusal handingOver(GroupName group) {
        return Refusal.of(Reason.NO_LEADER, "the leadership of " + group.label() + " is being handed to another node")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    public static Refusal readOvertaken(GroupName group) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "the leadership of " + group.label()
                                + " changed before it was sure that this node still leads, or this node is slow; nothing"
                                + " was done")
                .retryAfter(RECOVERING_RETRY_MILLIS);
    }

    static Refusal noReadIndex(GroupName group) {
        return Refusal.of(
                        Reason.NO_LEADER,
                        "the replica of " + group.label()
                                + " on this node did not hear from a leader in time how far it has to be for a linearizable"
                                + " read, or did not get there; ask again, or another replica")
                .retryAfter(NO_READ_INDEX_RETRY_MILLIS);
    }

    static Refusal tooLarge(GroupName group, int sizeBytes, int limitBytes) {
        return Refusal.of(
                        Reason.RECORD_TOO_LARGE,
                        "a batch of " + sizeBytes + " bytes is above the limit of " + limitBytes + " bytes of "
                                + group.label() + "; send smaller batches or raise the topic's max_batch_bytes")
                .with("limit_bytes", limitBytes)
                .with("size_bytes", sizeBytes);
    }

    static Refusal corrupt(InvalidBatchException cause) {
        return Refusal.of(Reason.CORRUPT_BATCH, "not a valid record batch: " + cause.getMessage());
    }

    static Refusal nodeOverloaded(InflightBudget budget) {
        return Refusal.of(
                        Reason.OVERLOADED,
                        "this node has " + budget.usedBytes() + " bytes of appends under way, its limit is "
                                + budget.limitBytes())
                .retryAfter(OVERLOADED_RETRY_MILLIS);
    }

    /** @param withoutRoom nodes of the group that can store no records now */
    static Refusal diskFull(GroupName group, List<NodeId> withoutRoom, DiskSpace own) {
        String nodes =
                withoutRoom.stream().map(node -> Integer.toString(node.value())).collect(Collectors.joining(","));
        return Refusal.of(
                        Reason.DISK_FULL,
                        "too few disks have room for appends to " + group.label() + ", those of nodes " + nodes
                                + " are full; make room or add some there (records are taken from "
                                + own.requiredBytes() + " free bytes on), reading goes on")
                .with("full_nodes", nodes)
                .with("free_bytes", own.freeBytes())
                .with("required_bytes", own.requiredBytes())
                .retryAfter(own.checkIntervalMillis());
    }

    public static Refusal diskFull(DiskSpace own) {
        return Refusal.of(
                        Reason.DISK_FULL,
                        "this node has " + own.freeBytes() + " bytes left on its disk and needs " + own.requiredBytes()
                                + " for more partitions; make room or add some")
                .with("free_bytes", own.freeBytes())
                .with("required_bytes", own.requiredBytes())
                .retryAfter(own.checkIntervalMillis());
    }

    static Refusal partitionOverloaded(GroupName group, long uncommittedBytes) {
        return Refusal.of(
                        Reason.OVERLOADED,
                        group.label() + " has " + uncommittedBytes
                                + " bytes that wait to be committed, which is its limit")
                .retryAfter(OVERLOADED_RETRY_MILLIS);
    }

    static Refusal outOfSequence(BatchHeader header, long expected) {
        return Refusal.of(
                        Reason.OUT_OF_SEQUENCE,
                        "producer " + Long.toUnsignedString(header.producerId()) + " sent sequence "
                                + header.baseSequence() + " (" + header.recordCount() + " records), expected "
                                + expected)
                .with("expected_sequence", expected);
    }

    static Refusal forgottenDuplicate(BatchHeader header, long expected) {
        return Refusal.of(
                        Reason.OUT_OF_SEQUENCE,
                        "sequence " + header.baseSequence() + " of producer "
                                + Long.toUnsignedString(header.producerId())
                                + " is in the log already, too long ago to tell its offset; expected " + expected)
                .with("expected_sequence", expected);
    }

    static Refusal unknownProducer(GroupName group, BatchHeader header) {
        return Refusal.of(
                Reason.UNKNOWN_PRODUCER,
                group.label() + " does not remember producer " + Long.toUnsignedString(header.producerId())
                        + ", and sequence " + header.baseSequence()
                        + " is not its first; start with a new producer id at sequence 0");
    }

    static Refusal producerFenced(BatchHeader header, int epoch) {
        return Refusal.of(
                        Reason.PRODUCER_FENCED,
                        "producer " + Long.toUnsignedString(header.producerId()) + " has appended with epoch " + epoch
                                + ", which fences epoch " + header.producerEpoch())
                .with("epoch", epoch);
    }

    static Refusal trimmed(GroupName group, long offset, long lowWatermark) {
        return Refusal.of(
                        Reason.TRIMMED,
                        "offset " + offset + " of " + group.label() + " is gone, the first one that is kept is "
                                + lowWatermark)
                .with("low_watermark", lowWatermark);
    }

    static Refusal beyondTail(GroupName group, long offset, long highWatermark) {
        return Refusal.of(
                        Reason.BEYOND_TAIL,
                        "offset " + Long.toUnsignedString(offset) + " of " + group.label()
                                + " is not there, the next one to be written is " + highWatermark)
                .with("high_watermark", highWatermark);
    }

    static Refusal corruptReplica(GroupName group, String damage) {
        return Refusal.of(
                Reason.CORRUPT_REPLICA,
                "the log of " + group + " on this node is damaged, and repaired from the other replicas by itself; read"
                        + " from one of them: " + damage);
    }
}
