/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.nodes;

import io.quorate.cli.output.Json;
import io.quorate.cli.output.Terminal;
import io.quorate.client.Admin.RebalanceInfo;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The {@code --json} of verbs that change the cluster, and how they tell what happens. */
public final class ChangeOutput {
    @Option(names = "--json", description = "Print what happens as JSON.")
    private boolean json;

    /** @param message what happens now */
    public void print(Terminal terminal, String message) {
        terminal.println(json ? Json.write(Json.object("message", message)) : message);
    }

    void print(Terminal terminal, RebalanceInfo plan) {
        if (json) {
            List<Object> moves = new ArrayList<>();
            plan.moves()
                    .forEach(move -> moves.add(Json.object(
                            "topic",
                            move.topic(),
                            "partition",
                            move.partition(),
                            "from",
                            move.from(),
                            "to",
                            move.to())));
            terminal.println(Json.write(Json.object("message", plan.message(), "moves", moves)));
            return;
        }
        terminal.println(plan.message());
        plan.moves()
                .forEach(move -> terminal.println(
                        move.topic() + "/" + move.partition() + ": " + move.from() + " to " + move.to()));
    }
}
