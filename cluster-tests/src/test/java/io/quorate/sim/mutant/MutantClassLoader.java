/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * A world of its own for one mutant: all of the project's classes once more, some of them as the mutant has them, all
 * else shared with everyone.
 */
final class MutantClassLoader extends ClassLoader {
    private static final String PROJECT = "io.quorate.";

    private final Map<String, byte[]> mutated;

    /** @param mutated class files by binary name */
    MutantClassLoader(Map<String, byte[]> mutated) {
        super(MutantClassLoader.class.getClassLoader());
        this.mutated = mutated;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(PROJECT)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] bytes = mutated.get(name);
        if (bytes == null) {
            try (InputStream original = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (original == null) {
                    throw new ClassNotFoundException(name);
                }
                bytes = original.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
        return defineClass(name, bytes, 0, bytes.length);
    }
}
