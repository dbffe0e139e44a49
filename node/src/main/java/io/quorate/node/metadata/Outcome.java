/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.metadata;

import io.quorate.node.api.Refusal;

/** What a change came to when it was applied; the same on every node. */
public sealed interface Outcome {
    record TopicChanged(TopicState topic) implements Outcome {}

    record TopicDeleted(TopicState topic) implements Outcome {}

    record NodeChanged(NodeRecord node) implements Outcome {}

    /** Nothing was changed. */
    record Refused(Refusal refusal) implements Outcome {}
}
