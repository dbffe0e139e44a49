/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.cli.base;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes in bytes as people write them: {@code 512}, {@code 64k}, {@code 1MiB}. Units are powers of 1024. */
public final class Sizes implements ITypeConverter<Integer> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(|b|k|kb|kib|m|mb|mib)");

    @Override
    public Integer convert(String text) {
        Matcher matcher = FORM.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException("\"" + text + "\" is not a size: write 512, 64KiB or 1MiB");
        }
        String unit = matcher.group(2);
        int shift = unit.startsWith("k") ? 10 : unit.startsWith("m") ? 20 : 0;
        long bytes = Long.parseLong(matcher.group(1)) << shift;
        if (bytes > Integer.MAX_VALUE) {
            throw new TypeConversionException("\"" + text + "\" is too large: at most 2047MiB");
        }
        return (int) bytes;
    }
}
