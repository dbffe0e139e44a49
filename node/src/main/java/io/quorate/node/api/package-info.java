/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a node does for its clients, free of gRPC: interfaces that the services call, and values they get back.
 */
package io.quorate.node.api;
