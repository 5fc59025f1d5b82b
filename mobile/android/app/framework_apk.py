"""Makes the resources of a new Android readable for an old aapt.

    python framework_apk.py android-all.jar framework.apk

aapt of Android 10, the only resource compiler that Debian has, knows tables
of entries found by offsets of 32 bits. Newer tables are packed tighter. They
are unpacked here, and only what `aapt -I` looks at is kept: the default
configuration of the framework's own package. The APK holds no code.
"""

import struct
import sys
import zipfile

TABLE, PACKAGE, TYPE, SPEC = 0x0002, 0x0200, 0x0201, 0x0202
CHUNK = struct.Struct("<HHI")
# Flags of a type: pairs of index and offset; offsets of 16 bits.
SPARSE, OFFSET16 = 0x01, 0x02
# Flags of an entry: a map of values; key and type squeezed into the header.
COMPLEX, COMPACT = 0x01, 0x08
NO_ENTRY, NO_ENTRY16 = 0xFFFFFFFF, 0xFFFF
# Where the configuration of a type begins.
CONFIG = 20


def unpack(data):
    """Gives a resource table that old tools read.

    Args:
        data: `resources.arsc` as bytes.

    Returns:
        The table as bytes.

    Raises:
        ValueError: if that is no resource table.
    """
    kind, header, _ = CHUNK.unpack_from(data)
    if kind != TABLE:
        raise ValueError("That is no resource table; give an android-all jar.")
    parts, found = [], False
    for kind, start, end in _chunks(data, header, len(data)):
        if kind != PACKAGE:
            parts.append(data[start:end])
        elif not found:
            # The packages after it hold what was not final.
            found = True
            parts.append(_package(data, start, end))
    body = b"".join(parts)
    head = bytearray(data[:header])
    struct.pack_into("<II", head, 4, header + len(body), 1)
    return bytes(head) + body


def _chunks(data, start, end):
    while start < end:
        kind, _, size = CHUNK.unpack_from(data, start)
        yield kind, start, start + size
        start += size


def _package(data, start, end):
    _, header, _ = CHUNK.unpack_from(data, start)
    parts, count = [], 0
    for kind, first, last in _chunks(data, start + header, end):
        if kind == SPEC:
            (count,) = struct.unpack_from("<I", data, first + 12)
        if kind == TYPE:
            (size,) = struct.unpack_from("<I", data, first + CONFIG)
            if any(data[first + CONFIG + 4 : first + CONFIG + size]):
                continue
            parts.append(_type(data, first, count))
        else:
            parts.append(data[first:last])
    head = bytearray(data[start : start + header])
    struct.pack_into("<I", head, 4, header + sum(map(len, parts)))
    return bytes(head) + b"".join(parts)


def _type(data, start, count):
    """A type whose `count` entries are plain ones."""
    _, header, _ = CHUNK.unpack_from(data, start)
    entries = start + struct.unpack_from("<I", data, start + 16)[0]
    offsets, values = [NO_ENTRY] * count, bytearray()
    for index, offset in _offsets(data, start, header):
        offsets[index] = len(values)
        values += _entry(data, entries + offset)
    head = bytearray(data[start : start + header])
    first = header + 4 * count
    struct.pack_into("<I", head, 4, first + len(values))
    struct.pack_into("<BBHII", head, 8, data[start + 8], 0, 0, count, first)
    return bytes(head) + struct.pack(f"<{count}I", *offsets) + values


def _offsets(data, start, header):
    flags, count = struct.unpack_from("<BxxI", data, start + 9)
    at = start + header
    if flags & SPARSE:
        pairs = struct.unpack_from(f"<{2 * count}H", data, at)
        yield from zip(pairs[::2], (4 * o for o in pairs[1::2]), strict=True)
    elif flags & OFFSET16:
        short = struct.unpack_from(f"<{count}H", data, at)
        yield from ((i, 4 * o) for i, o in enumerate(short) if o != NO_ENTRY16)
    else:
        wide = struct.unpack_from(f"<{count}I", data, at)
        yield from ((i, o) for i, o in enumerate(wide) if o != NO_ENTRY)


def _entry(data, at):
    size, flags, key = struct.unpack_from("<HHI", data, at)
    if flags & COMPACT:
        # What is the size elsewhere is the key here, and the key the value;
        # the value's type is in the upper byte of the flags.
        plain = flags & 0xFF & ~COMPACT
        return struct.pack(
            "<HHIHBBI", 8, plain, size, 8, 0, flags >> 8, key
        )  # fmt: skip
    if not flags & COMPLEX:
        return data[at : at + size + 8]
    (count,) = struct.unpack_from("<I", data, at + 12)
    return data[at : at + size + 12 * count]


def main(jar, apk):
    """Reads the jar and writes the APK."""
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(apk, "w") as target:
        target.writestr("resources.arsc", unpack(source.read("resources.arsc")))
        name = "AndroidManifest.xml"
        target.writestr(name, source.read(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
