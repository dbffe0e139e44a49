/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.node.api.EventKind;
import java.util.Arrays;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Kinds of events")
class EventMessagesTest {
    @Test
    @DisplayName("have one name and number in the files and on the wire")
    void sameEverywhere() {
        TreeMap<Integer, String> onDisk = new TreeMap<>();
        Arrays.stream(EventKind.values()).forEach(kind -> onDisk.put((int) kind.code(), "EVENT_KIND_" + kind.name()));
        TreeMap<Integer, String> onWire = new TreeMap<>();
        Arrays.stream(io.quorate.v1.EventKind.values())
                .filter(kind -> kind != io.quorate.v1.EventKind.UNRECOGNIZED
                        && kind != io.quorate.v1.EventKind.EVENT_KIND_UNSPECIFIED)
                .forEach(kind -> onWire.put(kind.getNumber(), kind.name()));

        assertEquals(onWire, onDisk);
    }
}
