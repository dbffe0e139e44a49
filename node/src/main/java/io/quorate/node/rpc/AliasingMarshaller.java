/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.rpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a message into one array of its own whose parts the {@code bytes} fields then share, so that a record batch is
 * copied once from the socket's buffers and never again. gRPC has bounded the message's size before this is called.
 *
 * <p>A field that is kept keeps the whole message's array alive.
 */
final class AliasingMarshaller<T extends Message> implements MethodDescriptor.PrototypeMarshaller<T> {
    private final T prototype;
    private final MethodDescriptor.Marshaller<T> outbound;

    AliasingMarshaller(T prototype) {
        this.prototype = prototype;
        this.outbound = ProtoUtils.marshaller(prototype);
    }

    /** The same methods and handlers, with every message read by this class. Descriptors stay, for reflection. */
    static ServerServiceDefinition applyTo(ServerServiceDefinition service) {
        ServiceDescriptor original = service.getServiceDescriptor();
        ServiceDescriptor.Builder descriptor =
                ServiceDescriptor.newBuilder(original.getName()).setSchemaDescriptor(original.getSchemaDescriptor());
        var methods = service.getMethods().stream()
                .<ServerMethodDefinition<?, ?>>map(AliasingMarshaller::applyTo)
                .toList();
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder result = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(result::addMethod);
        return result.build();
    }

    /** The same method, with both its messages read by this class. */
    static <Q, P> MethodDescriptor<Q, P> applyTo(MethodDescriptor<Q, P> method) {
        return method.toBuilder(of(method.getRequestMarshaller()), of(method.getResponseMarshaller()))
                .build();
    }

    private static <Q, P> ServerMethodDefinition<Q, P> applyTo(ServerMethodDefinition<Q, P> method) {
        return ServerMethodDefinition.create(applyTo(method.getMethodDescriptor()), method.getServerCallHandler());
    }

    /** Generated methods always have prototype marshallers of their message's class. */
    @SuppressWarnings("unchecked")
    private static <T> MethodDescriptor.Marshaller<T> of(MethodDescriptor.Marshaller<T> generated) {
        Message prototype = (Message) ((MethodDescriptor.PrototypeMarshaller<T>) generated).getMessagePrototype();
        return (MethodDescriptor.Marshaller<T>) new AliasingMarshaller<>(prototype);
    }

    @Override
    public T getMessagePrototype() {
        return prototype;
    }

    @Override
    @SuppressWarnings("unchecked")
    public Class<T> getMessageClass() {
        return (Class<T>) prototype.getClass();
    }

    @Override
    public InputStream stream(T message) {
        return outbound.stream(message);
    }

    @Override
    @SuppressWarnings("unchecked")
    public T parse(InputStream stream) {
        try {
            byte[] bytes = read(stream);
            // Through a ByteString, since only an input over immutable bytes may alias them.
            CodedInputStream input = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
            input.enableAliasing(true);
            T message = (T) prototype.getParserForType().parseFrom(input);
            input.checkLastTagWas(0);
            return message;
        } catch (IOException malformed) {
            throw Status.INVALID_ARGUMENT
                    .withDescription(
                            "not a valid " + prototype.getDescriptorForType().getFullName())
                    .withCause(malformed)
                    .asRuntimeException();
        }
    }

    /** Only a compressed message does not know its length. */
    private static byte[] read(InputStream stream) throws IOException {
        if (!(stream instanceof KnownLength)) {
            return stream.readAllBytes();
        }
        byte[] bytes = new byte[stream.available()];
        if (stream.readNBytes(bytes, 0, bytes.length) != bytes.length) {
            throw new EOFException("message ends early");
        }
        return bytes;
    }
}
