/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliException;
import io.quorate.client.ReadConsistency;
import io.quorate.client.ReaderConfig;
import java.util.OptionalInt;

/** Which replica a read asks, as people write it: {@code leader}, {@code any}, or the id of a node. */
record WhoAnswers(ReadConsistency consistency, OptionalInt node) {
    private static final int MAX_NODE = 65_535;

    /**
     * @param mayLag what the replica knows by itself will do
     * @throws CliException if the text is none of these, or the leader is meant and may lag
     */
    static WhoAnswers parse(String replica, boolean mayLag) {
        if (replica.equals("leader")) {
            if (mayLag) {
                throw CliException.usage(
                        "the leader does not lag", "write --replica any or --replica NODE with --may-lag");
            }
            return new WhoAnswers(ReadConsistency.LEADER, OptionalInt.empty());
        }
        ReadConsistency consistency = mayLag ? ReadConsistency.LOCAL : ReadConsistency.ANY_REPLICA;
        return new WhoAnswers(consistency, replica.equals("any") ? OptionalInt.empty() : OptionalInt.of(node(replica)));
    }

    private static int node(String text) {
        if (text.matches("[0-9]{1,5}")) {
            int id = Integer.parseInt(text);
            if (id >= 1 && id <= MAX_NODE) {
                return id;
            }
        }
        throw CliException.usage(
                "--replica " + text + " is not one to ask", "write leader, any, or the id of a node, 1 to " + MAX_NODE);
    }

    ReaderConfig applyTo(ReaderConfig config) {
        ReaderConfig chosen = config.with(consistency);
        return node.isPresent() ? chosen.preferring(node.getAsInt()) : chosen;
    }
}
