/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

import java.util.Optional;

/**
 * What one step of a {@link Scrub} did.
 *
 * @param bytes    how much was read
 * @param verified the segment that was found to be whole, if the step came to its end
 * @param passDone whether all sealed segments were looked at: the next step begins again
 */
public record ScrubStep(long bytes, Optional<SegmentInfo> verified, boolean passDone) {}
