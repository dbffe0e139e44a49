/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.api;

/** What a request came to. */
public sealed interface Result<T> {
    record Ok<T>(T value) implements Result<T> {}

    record Refused<T>(Refusal refusal) implements Result<T> {}
}
