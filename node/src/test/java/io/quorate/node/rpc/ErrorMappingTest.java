/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.quorate.node.api.Refusal;
import io.quorate.node.api.Refusal.Reason;
import io.quorate.v1.ErrorReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A refusal on its way to a client")
class ErrorMappingTest {
    private static final String PROTO_PREFIX = "ERROR_REASON_";
    private static final Path DOCUMENT = Path.of("..", "docs", "errors.md");
    private static final Pattern DOCUMENTED = Pattern.compile("(?m)^\\| `([A-Z_]+)` \\| `([A-Z_]+)` \\|");

    @ParameterizedTest(name = "{0}")
    @EnumSource(Reason.class)
    @DisplayName("carries its reason, its message and its metadata, whatever the reason")
    void carriesReasonMessageAndMetadata(Reason reason) throws InvalidProtocolBufferException {
        Refusal refusal = new Refusal(reason, "what happened", Map.of("key", "value"), -1);

        StatusRuntimeException thrown = ErrorMapping.toStatus(refusal);

        com.google.rpc.Status status = StatusProto.fromThrowable(thrown);
        assertEquals(ErrorMapping.codeOf(reason), thrown.getStatus().getCode());
        assertEquals("what happened", status.getMessage());
        assertEquals(1, status.getDetailsCount());
        ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
        assertEquals(reason.name(), info.getReason());
        assertEquals("quorate", info.getDomain());
        assertEquals(Map.of("key", "value"), info.getMetadataMap());
    }

    @Test
    @DisplayName("says after how long to try again, if that helps")
    void carriesRetryDelay() throws InvalidProtocolBufferException {
        Refusal refusal = new Refusal(Reason.OVERLOADED, "busy", Map.of(), 1_250);

        Any detail = StatusProto.fromThrowable(ErrorMapping.toStatus(refusal)).getDetails(1);

        RetryInfo retry = detail.unpack(RetryInfo.class);
        assertEquals(1, retry.getRetryDelay().getSeconds());
        assertEquals(250_000_000, retry.getRetryDelay().getNanos());
    }

    @Test
    @DisplayName("has a reason of the public contract; only the client makes DEADLINE_EXCEEDED")
    void reasonsAreThoseOfTheContract() {
        Set<String> contract = contractReasons();
        contract.remove("DEADLINE_EXCEEDED");

        assertEquals(
                contract,
                Arrays.stream(Reason.values()).map(Reason::name).collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    @DisplayName("is documented with the code that it has")
    void documentAgrees() throws IOException {
        Set<String> documented = new TreeSet<>();
        Matcher rows = DOCUMENTED.matcher(Files.readString(DOCUMENT));

        while (rows.find()) {
            String reason = rows.group(1);
            assertTrue(documented.add(reason), reason + " is documented twice");
            Status.Code expected = reason.equals("DEADLINE_EXCEEDED")
                    ? Status.Code.DEADLINE_EXCEEDED
                    : ErrorMapping.codeOf(Reason.valueOf(reason));
            assertEquals(expected.name(), rows.group(2), reason);
        }

        assertEquals(contractReasons(), documented);
    }

    private static Set<String> contractReasons() {
        return Arrays.stream(ErrorReason.values())
                .filter(reason -> reason != ErrorReason.UNRECOGNIZED && reason != ErrorReason.ERROR_REASON_UNSPECIFIED)
                .map(reason -> reason.name().substring(PROTO_PREFIX.length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
