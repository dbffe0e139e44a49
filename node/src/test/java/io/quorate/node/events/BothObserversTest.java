/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.node.replica.ReplicaObserver;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Two observers as one")
class BothObserversTest {
    @Test
    @DisplayName("are both told everything that an observer can be told")
    void complete() {
        assertEquals(signatures(ReplicaObserver.class), signatures(BothObservers.class));
    }

    private static List<String> signatures(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.getName().startsWith("on"))
                .map(BothObserversTest::signature)
                .sorted()
                .toList();
    }

    private static String signature(Method method) {
        return method.getName() + Arrays.toString(method.getParameterTypes());
    }
}
