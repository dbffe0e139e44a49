/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/** A read under way. Event loop only. */
public interface ReadSession {
    /** The sink is ready again. */
    void resume();

    /** The reader has gone; the sink is not called any more. */
    void cancel();
}
