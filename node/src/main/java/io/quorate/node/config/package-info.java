/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A node's configuration: one table of keys ({@link io.quorate.node.config.ConfigKeys}), read by
 * {@link io.quorate.node.config.NodeConfigLoader} from flags, environment, file and defaults into
 * {@link io.quorate.node.config.NodeConfig}. The only place of the node that parses text from operators.
 */
package io.quorate.node.config;
