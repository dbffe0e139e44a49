/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Which way dependencies point. The poms hold the modules apart; these rules hold the packages apart and keep what is
 * public free of what is not. What single methods must not be called is in .mvn/forbidden-apis.
 */
@DisplayName("The architecture")
class ArchitectureTest {
    private static final String[] GRPC_AND_PROTOBUF = {
        "io.grpc..", "com.google.protobuf..", "io.quorate.v1..", "io.quorate.internal.v1.."
    };

    @Test
    @DisplayName("is checked on all modules")
    void everyModuleIsSeen() {
        for (String root : List.of("wire", "raft", "logstore", "client", "node", "cli")) {
            assertTrue(
                    ProductionClasses.ALL.stream()
                            .anyMatch(type -> type.getPackageName().startsWith("io.quorate." + root)),
                    "no classes of io.quorate." + root + " on the class path: the rules below would hold for nothing");
        }
    }

    @TestFactory
    @DisplayName("raft is the protocol alone:")
    Stream<DynamicTest> raft() {
        return Stream.of(
                rule(
                        "it needs the JDK's language and collections, nothing that waits, reads or writes",
                        classes()
                                .that()
                                .resideInAPackage("io.quorate.raft..")
                                .should()
                                .onlyDependOnClassesThat()
                                .resideInAnyPackage(
                                        "io.quorate.raft..",
                                        "java.lang..",
                                        "java.util",
                                        "java.util.function",
                                        "java.util.stream",
                                        "java.util.zip",
                                        "java.nio",
                                        "java.nio.charset")),
                rule(
                        "its vocabulary (raft.log) knows neither messages nor the core",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.raft.log..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage("io.quorate.raft", "io.quorate.raft.message..")),
                rule(
                        "its messages know the vocabulary, not the core",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.raft.message..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAPackage("io.quorate.raft")));
    }

    @TestFactory
    @DisplayName("log-store is a log alone:")
    Stream<DynamicTest> logStore() {
        return Stream.of(
                rule(
                        "of raft it knows the vocabulary, not the protocol",
                        classes()
                                .that()
                                .resideInAPackage("io.quorate.logstore..")
                                .should()
                                .onlyDependOnClassesThat()
                                .resideInAnyPackage("io.quorate.logstore..", "io.quorate.raft.log..", "java..")
                                // For NioDisk, and the only name under which the JDK offers direct I/O.
                                .orShould()
                                .onlyDependOnClassesThat()
                                .resideInAnyPackage("io.quorate.logstore.io..", "java..", "com.sun.nio.file..")),
                rule(
                        "the Disk seam knows nothing of logs",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.logstore.io..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage("io.quorate.logstore", "io.quorate.raft..")));
    }

    @TestFactory
    @DisplayName("a node is a core with adapters around it:")
    Stream<DynamicTest> node() {
        return Stream.of(
                rule(
                        "replicas, the API and the seams know neither gRPC nor protobuf",
                        noClasses()
                                .that()
                                .resideInAnyPackage(
                                        "io.quorate.node",
                                        "io.quorate.node.api..",
                                        "io.quorate.node.events..",
                                        "io.quorate.node.seam..",
                                        "io.quorate.node.replica..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(GRPC_AND_PROTOBUF)),
                rule(
                        "metadata uses protobuf in its codec only",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.node.metadata..")
                                .and()
                                .haveNameNotMatching(".*Codec(\\$.*)?")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(GRPC_AND_PROTOBUF)),
                rule(
                        "nothing but the server's wiring knows the adapters",
                        noClasses()
                                .that()
                                .resideInAnyPackage(
                                        "io.quorate.node",
                                        "io.quorate.node.api..",
                                        "io.quorate.node.seam..",
                                        "io.quorate.node.replica..",
                                        "io.quorate.node.metadata..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(
                                        "io.quorate.node.rpc..",
                                        "io.quorate.node.server..",
                                        "io.quorate.node.config..")),
                rule(
                        "the seams know nothing of what is behind or before them",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.node.seam..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(
                                        "io.quorate.node", "io.quorate.node.replica..", "io.quorate.node.metadata..")),
                rule(
                        "nobody prints but the command, and the simulator on its own command line",
                        noClasses()
                                .that()
                                .resideOutsideOfPackages("io.quorate.cli..", "io.quorate.sim..")
                                .should()
                                .accessField(System.class, "out")
                                .orShould()
                                .accessField(System.class, "err")));
    }

    @TestFactory
    @DisplayName("clients are served by a library that shows only itself:")
    Stream<DynamicTest> client() {
        return Stream.of(
                rule(
                        "it knows nothing of servers",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.client..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(
                                        "io.quorate.node..",
                                        "io.quorate.raft..",
                                        "io.quorate.logstore..",
                                        "io.quorate.cli..",
                                        "io.quorate.internal..")),
                rule(
                        "its public signatures name no gRPC, protobuf, Guava or generated type",
                        classes()
                                .that()
                                .resideInAPackage("io.quorate.client..")
                                .and(describe("users can name", ArchitectureTest::isPublicToUsers))
                                .should(showOnlyTheirOwnTypes())),
                rule(
                        "the wire codec knows bytes, not messages",
                        noClasses()
                                .that()
                                .resideInAPackage("io.quorate.wire..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage("io.grpc..", "io.quorate.v1..", "io.quorate.internal.v1..")));
    }

    @TestFactory
    @DisplayName("names say what a class is:")
    Stream<DynamicTest> names() {
        return Stream.of("Util", "Utils", "Manager", "Helper", "Impl", "Misc")
                .map(suffix -> rule(
                        "none ends in " + suffix,
                        noClasses()
                                .that(not(resideInAnyPackage("io.quorate.v1..", "io.quorate.internal.v1..")))
                                .should()
                                .haveSimpleNameEndingWith(suffix)));
    }

    private static DynamicTest rule(String sentence, ArchRule rule) {
        return DynamicTest.dynamicTest(sentence, () -> rule.check(ProductionClasses.ALL));
    }

    /** A public class inside one that is not can only be named by its own package. */
    private static boolean isPublicToUsers(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass()
                        .map(ArchitectureTest::isPublicToUsers)
                        .orElse(true);
    }

    /** Parameters, results, fields and supertypes that users of a class can see. */
    private static ArchCondition<JavaClass> showOnlyTheirOwnTypes() {
        return new ArchCondition<>("show only types of the JDK and of io.quorate.client") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getMethods().stream()
                        .filter(method -> isVisible(method.getModifiers()))
                        .forEach(method -> {
                            require(type, method.getReturnType(), method.getFullName(), events);
                            method.getParameterTypes().forEach(t -> require(type, t, method.getFullName(), events));
                        });
                type.getConstructors().stream()
                        .filter(constructor -> isVisible(constructor.getModifiers()))
                        .forEach(constructor -> constructor
                                .getParameterTypes()
                                .forEach(t -> require(type, t, constructor.getFullName(), events)));
                type.getFields().stream()
                        .filter(field -> isVisible(field.getModifiers()))
                        .forEach(field -> require(type, field.getType(), field.getFullName(), events));
                type.getSuperclass().ifPresent(t -> require(type, t, type.getFullName(), events));
                type.getInterfaces().forEach(t -> require(type, t, type.getFullName(), events));
            }

            private boolean isVisible(Set<JavaModifier> modifiers) {
                return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
            }

            private void require(JavaClass type, JavaType shown, String where, ConditionEvents events) {
                for (JavaClass raw : shown.getAllInvolvedRawTypes()) {
                    String name = raw.getBaseComponentType().getPackageName();
                    boolean own = name.isEmpty() || name.startsWith("java.") || name.equals("io.quorate.client");
                    if (!own) {
                        events.add(SimpleConditionEvent.violated(type, where + " shows " + raw.getName()));
                    }
                }
            }
        };
    }
}
