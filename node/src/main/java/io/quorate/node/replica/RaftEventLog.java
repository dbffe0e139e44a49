/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.replica;

import io.quorate.logstore.Damage;
import io.quorate.logstore.StorageException;
import io.quorate.raft.RaftEvent;
import io.quorate.raft.log.NodeId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Raft's events as log lines: one for each change of state that an operator may look for, the others for debugging. */
final class RaftEventLog {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    private final GroupName name;
    private final NodeId self;

    RaftEventLog(GroupName name, NodeId self) {
        this.name = name;
        this.self = self;
    }

    /** The disk has failed. */
    void failed(StorageException fault) {
        LOG.error(
                "{} on {}: the replica has failed and serves nothing until a restart: {}",
                name,
                self,
                fault.getMessage());
    }

    /** The log is damaged. */
    void quarantined(Damage damage) {
        LOG.error(
                "{} on {}: the log is damaged, the replica serves nothing until it has been repaired from the others: {}",
                name,
                self,
                damage.asException().getMessage());
    }

    /** @param led whether the member led until now */
    void log(RaftEvent event, boolean led) {
        if (name.equals(GroupName.REHEARSAL)) {
            return;
        }
        if (event instanceof RaftEvent.BecameLeader leader) {
            LOG.info("{}: {} leads generation {}, log ends at {}", name, self, leader.term(), leader.lastIndex());
        } else if (event instanceof RaftEvent.BecameFollower follower && led) {
            LOG.info(
                    "{}: {} leads no more, is a follower in generation {}: {}",
                    name,
                    self,
                    follower.term(),
                    follower.reason());
        } else if (event instanceof RaftEvent.FollowsLeader follows) {
            LOG.info("{}: {} follows {} in generation {}", name, self, follows.leader(), follows.term());
        } else if (event instanceof RaftEvent.TransferStarted transfer) {
            LOG.info("{}: {} hands over to {}", name, self, transfer.target());
        } else if (event instanceof RaftEvent.TransferAborted transfer) {
            LOG.info("{}: {} goes on to lead, {}", name, self, transfer.reason());
        } else if (event instanceof RaftEvent.LogTruncated truncated) {
            LOG.info(
                    "{}: {} dropped uncommitted entries from index {} in generation {}",
                    name,
                    self,
                    truncated.fromIndex(),
                    truncated.term());
        } else {
            LOG.debug("{}: {}: {}", name, self, event);
        }
    }
}
