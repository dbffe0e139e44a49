/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes in bytes that may be large: {@code 512}, {@code 64k}, {@code 100GiB}, {@code 2TiB}. Units are powers of 1024. */
public final class LongSizes implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,6}|[0-9]{1,15}(?=b?$))(|b|[kmgt](?:i?b)?)");
    private static final String UNITS = "bkmgt";

    @Override
    public Long convert(String text) {
        Matcher matcher = FORM.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException("\"" + text + "\" is not a size: write 512, 64MiB, 100GiB or 2TiB");
        }
        String unit = matcher.group(2);
        int power = unit.isEmpty() ? 0 : UNITS.indexOf(unit.charAt(0));
        return Long.parseLong(matcher.group(1)) << 10 * power;
    }
}
