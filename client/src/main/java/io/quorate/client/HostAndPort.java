/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import java.util.ArrayList;
import java.util.List;

/** @param host name, IPv4 address, or IPv6 address without brackets */
record HostAndPort(String host, int port) {
    private static final int DEFAULT_PORT = 7400;
    private static final String SCHEME = "quorate://";

    /**
     * Parses {@code host:port}, {@code host} or {@code [ipv6]:port}.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    static HostAndPort parse(String text) {
        String trimmed = text.strip();
        int colon = trimmed.lastIndexOf(':');
        boolean bracketed = trimmed.startsWith("[");
        boolean hasPort = bracketed ? colon > trimmed.indexOf(']') : colon >= 0;
        String host = hasPort ? trimmed.substring(0, colon) : trimmed;
        if (bracketed && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (bracketed || host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("address '" + text + "': an IPv6 address is written [address]:port");
        }
        if (host.isEmpty() || host.indexOf('/') >= 0) {
            throw new IllegalArgumentException("address '" + text + "' is not host:port");
        }
        return new HostAndPort(host, hasPort ? parsePort(text, trimmed.substring(colon + 1)) : DEFAULT_PORT);
    }

    /** Parses {@code quorate://host:port,host:port}; the scheme may be left out. */
    static List<String> parseUri(String uri) {
        String rest = uri.startsWith(SCHEME) ? uri.substring(SCHEME.length()) : uri;
        rest = rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest;
        List<String> addresses = new ArrayList<>();
        for (String address : rest.split(",", -1)) {
            addresses.add(parse(address).toString());
        }
        return addresses;
    }

    private static int parsePort(String text, String digits) {
        try {
            int port = Integer.parseInt(digits);
            if (port > 0 && port < 65_536) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("address '" + text + "': '" + digits + "' is not a port", e);
        }
        throw new IllegalArgumentException("address '" + text + "': port " + digits + " is not within 1 to 65535");
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
