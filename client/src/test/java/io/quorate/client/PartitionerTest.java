/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The partition of a key")
class PartitionerTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "21, -973932308",
        "foobar, -790332482",
        "a-little-bit-long-string, -985981536",
        "a-little-bit-longer-string, -1486304829",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8, -58897971",
        "abc, 479470107",
    })
    @DisplayName("comes from the murmur2 that other log clients use")
    void publishedVectors(String key, int hash) {
        assertEquals(hash, Partitioner.murmur2(key.getBytes(UTF_8)));
    }

    @Test
    @DisplayName("is the hash without its sign, modulo the number of partitions")
    void positiveModulo() {
        assertEquals((-790332482 & 0x7fffffff) % 7, Partitioner.partition("foobar".getBytes(UTF_8), 7));
    }

    @Test
    @DisplayName("is always there, and keys are spread evenly")
    void spread() {
        Random random = new Random(1);
        int[] counts = new int[5];
        for (int i = 0; i < 50_000; i++) {
            byte[] key = new byte[random.nextInt(40)];
            random.nextBytes(key);
            counts[Partitioner.partition(key, counts.length)]++;
        }
        for (int count : counts) {
            assertTrue(count > 9_000 && count < 11_500, count + " of 50,000 in one of 5 partitions");
        }
    }
}
