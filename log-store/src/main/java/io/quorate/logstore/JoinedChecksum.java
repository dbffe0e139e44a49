/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.logstore;

/**
 * CRC-32C of bytes of which the parts were checksummed one by one, so that bytes which need the checksum of each sector and of
 * all together are gone over once.
 *
 * <p>A CRC is the remainder of a polynomial over GF(2), the highest power in the lowest bit. To put n bytes behind others
 * multiplies the remainder of those by x<sup>8n</sup>, and then the other remainder is added; that both are inverted before
 * and after cancels out.
 */
final class JoinedChecksum {
    /** Parts have a multiple of so many bytes. */
    static final int UNIT_BYTES = FrameFormat.ALIGNMENT;

    private static final int POLYNOMIAL = 0x82F63B78;
    private static final int ONE = 1 << 31;
    private static final int X = 1 << 30;

    /** x<sup>8 n</sup> for n multiples of the unit, up to a sector. */
    private static final int[] SHIFTS = new int[SectorSums.SECTOR_BYTES / UNIT_BYTES + 1];

    /** What each value of each byte of a remainder is when a sector follows; the lowest byte first. */
    private static final int[] SECTOR_SHIFT = new int[Integer.BYTES << 8];

    static {
        int unit = X;
        for (int bits = 1; bits < UNIT_BYTES * Byte.SIZE; bits *= 2) {
            unit = multiply(unit, unit);
        }
        SHIFTS[0] = ONE;
        for (int i = 1; i < SHIFTS.length; i++) {
            SHIFTS[i] = multiply(SHIFTS[i - 1], unit);
        }
        int sector = SHIFTS[SHIFTS.length - 1];
        for (int i = 0; i < SECTOR_SHIFT.length; i++) {
            int lowestBit = i & -i & 0xFF;
            SECTOR_SHIFT[i] = lowestBit == 0
                    ? 0
                    : SECTOR_SHIFT[i ^ lowestBit] ^ multiply(sector, lowestBit << (i >> 8) * Byte.SIZE);
        }
    }

    private JoinedChecksum() {}

    private static int multiply(int a, int b) {
        int product = 0;
        int power = b;
        for (int bit = ONE; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= power;
            }
            power = power >>> 1 ^ ((power & 1) == 0 ? 0 : POLYNOMIAL);
        }
        return product;
    }

    /** The checksum of what has {@code before}, and the sector that has {@code sector} behind it. */
    static int withSector(int before, int sector) {
        return SECTOR_SHIFT[before & 0xFF]
                ^ SECTOR_SHIFT[0x100 | before >>> 8 & 0xFF]
                ^ SECTOR_SHIFT[0x200 | before >>> 16 & 0xFF]
                ^ SECTOR_SHIFT[0x300 | before >>> 24]
                ^ sector;
    }

    /**
     * The checksum of what has {@code before}, and what has {@code part} behind it.
     *
     * @param partBytes a multiple of {@value #UNIT_BYTES}, up to a sector
     */
    static int with(int before, int part, int partBytes) {
        return multiply(SHIFTS[partBytes / UNIT_BYTES], before) ^ part;
    }
}
