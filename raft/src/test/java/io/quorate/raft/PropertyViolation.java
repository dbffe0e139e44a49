/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.raft;

/** A property that did not hold, and where. */
final class PropertyViolation extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final ProtocolProperty property;

    PropertyViolation(ProtocolProperty property, Object who, String detail) {
        super(property + " violated at " + who + ": " + detail);
        this.property = property;
    }

    ProtocolProperty property() {
        return property;
    }
}
