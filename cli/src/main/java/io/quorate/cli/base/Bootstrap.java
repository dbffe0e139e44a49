/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import io.quorate.cli.local.DevState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where to find the cluster: the first of {@code --bootstrap}, {@code QUORATE_BOOTSTRAP}, the dev cluster of
 * {@code ./quorate-dev}, and the ports on which {@code dev} and the compose file serve three nodes, so that one that is
 * down is no obstacle.
 *
 * @param addresses host:port, at least one
 * @param origin    which of these it was, for people
 */
public record Bootstrap(List<String> addresses, String origin) {
    public static final String ENVIRONMENT_KEY = "QUORATE_BOOTSTRAP";
    public static final String DEFAULT_ADDRESS = "127.0.0.1:7400";

    private static final List<String> DEFAULT_ADDRESSES = List.of(DEFAULT_ADDRESS, "127.0.0.1:7401", "127.0.0.1:7402");

    /** @param flag the value of {@code --bootstrap}; null if it was not given */
    public static Bootstrap resolve(String flag, CliContext context) {
        if (flag != null) {
            return new Bootstrap(parse(flag), "--bootstrap");
        }
        String environment = context.environment().get(ENVIRONMENT_KEY);
        if (environment != null && !environment.isBlank()) {
            return new Bootstrap(parse(environment), ENVIRONMENT_KEY);
        }
        Optional<DevState> dev =
                DevState.readIfPresent(context.workingDirectory().resolve(DevState.DEFAULT_DIRECTORY));
        if (dev.isPresent() && dev.get().isRunning()) {
            return new Bootstrap(dev.get().clientAddresses(), "the dev cluster in ./" + DevState.DEFAULT_DIRECTORY);
        }
        return new Bootstrap(DEFAULT_ADDRESSES, "the default");
    }

    /**
     * @param text host:port, separated by commas, with or without {@code quorate://} in front
     * @throws CliException if that is not what it is
     */
    public static List<String> parse(String text) {
        String list = text.startsWith("quorate://") ? text.substring("quorate://".length()) : text;
        List<String> addresses = new ArrayList<>();
        for (String part : list.split(",", -1)) {
            String address = part.strip();
            int colon = address.lastIndexOf(':');
            if (colon <= 0 || !isPort(address.substring(colon + 1)) || address.indexOf('/') >= 0) {
                throw CliException.usage(
                        "\"" + address + "\" is not an address of a node",
                        "write host:port, several separated by commas, for example 127.0.0.1:7400,127.0.0.1:7401");
            }
            addresses.add(address);
        }
        return addresses;
    }

    private static boolean isPort(String text) {
        try {
            int port = Integer.parseInt(text);
            return port > 0 && port < 65_536;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
