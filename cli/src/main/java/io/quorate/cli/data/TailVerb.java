/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.data;

import io.quorate.cli.base.CliContext;
import io.quorate.cli.base.CliException;
import io.quorate.client.ReaderConfig.Position;
import picocli.CommandLine.Command;

@Command(name = "tail", header = "Follow new records: the same as read --follow --from end.")
public final class TailVerb extends AbstractReadVerb {
    public TailVerb(CliContext context) {
        super(context);
    }

    @Override
    public Integer call() {
        PartitionTarget where = target();
        if (where.offset().isPresent()) {
            throw CliException.usage("tail begins at the end", "quorate read --follow begins at an offset");
        }
        return read(where, Position.latest(), true);
    }
}
