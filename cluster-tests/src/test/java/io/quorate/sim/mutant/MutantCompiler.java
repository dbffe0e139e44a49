/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.sim.mutant;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles the sources that a mutant changes, in memory, against the classes that were built from the real ones. */
final class MutantCompiler {
    private static final Path ROOT = Path.of("..");

    private MutantCompiler() {}

    /** Class files by binary name. */
    static Map<String, byte[]> compile(Mutant mutant) {
        List<JavaFileObject> units = new ArrayList<>();
        sourcesOf(mutant).forEach((path, text) -> units.add(new Source(path, text)));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter complaints = new StringWriter();
        ClassFiles classFiles = new ClassFiles(compiler.getStandardFileManager(null, null, null));
        List<String> options = List.of(
                "-proc:none", "-nowarn", "--release", "17", "-classpath", System.getProperty("java.class.path"));
        if (!compiler.getTask(complaints, classFiles, null, options, null, units)
                .call()) {
            throw new IllegalStateException(mutant + " does not compile:\n" + complaints);
        }
        return classFiles.compiled();
    }

    /** The text of each changed source, by path. */
    static Map<Path, String> sourcesOf(Mutant mutant) {
        Map<Path, String> sources = new TreeMap<>();
        for (Mutant.Edit edit : mutant.edits()) {
            String text = sources.computeIfAbsent(edit.source(), MutantCompiler::read);
            sources.put(edit.source(), edit.applyTo(text, mutant.id()));
        }
        return sources;
    }

    private static String read(Path source) {
        try {
            return Files.readString(ROOT.resolve(source));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(Path path, String text) {
            super(URI.create("mutant:///" + path.toString().replaceFirst(".*/src/main/java/", "")), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class ClassFiles extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> written = new TreeMap<>();

        ClassFiles(JavaFileManager standard) {
            super(standard);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("mutant:///" + className.replace('.', '/') + ".class"), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return written.computeIfAbsent(className, name -> new ByteArrayOutputStream());
                }
            };
        }

        Map<String, byte[]> compiled() {
            Map<String, byte[]> classes = new TreeMap<>();
            written.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
            return classes;
        }
    }
}
