/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

/** The version of this build, from its jar's manifest. */
final class ServerVersion {
    private ServerVersion() {}

    /** "development" when classes do not come from a released jar. */
    static String current() {
        String version = ServerVersion.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
