/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore.sim;

/** The power failed, or the disk was used after it had. Not an exception: nothing that runs may catch and outlive it. */
public final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(String where) {
        super(where, null, false, false);
    }
}
