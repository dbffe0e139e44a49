/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft.log;

/** What an entry means to the state machine above. The code is part of the disk and wire formats. */
public enum EntryType {
    /** Appended by a new leader to commit what it inherited (thesis §6.4); no payload. */
    NO_OP(0),
    /** A record batch: consumes {@code recordCount} offsets. */
    RECORDS(1),
    /** A command of the state machine: consumes no offsets. */
    COMMAND(2),
    /** A change of the group's membership; the payload is the new one ({@code io.quorate.raft.Membership#encode}). */
    MEMBERSHIP(3);

    private final int code;

    EntryType(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /**
     * @throws IllegalArgumentException for a code of a newer version; a replica must stop there, never skip
     */
    public static EntryType ofCode(int code) {
        return switch (code) {
            case 0 -> NO_OP;
            case 1 -> RECORDS;
            case 2 -> COMMAND;
            case 3 -> MEMBERSHIP;
            default -> throw new IllegalArgumentException("unknown entry type " + code);
        };
    }
}
