/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

/** Notices that a node from which records are expected has better be left, though its connection looks alive. Loop only. */
interface ReadWatch {
    /**
     * Watches this node, unless one is watched already.
     *
     * @param whenOutdone called once, when another node should be asked; nothing is watched then
     */
    void start(Cluster.Target target, Runnable whenOutdone);

    /** The node has sent something, or nothing is expected of it at the moment. */
    void sign();

    void stop();
}
