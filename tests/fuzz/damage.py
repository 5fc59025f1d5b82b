"""Damages files: blindly, and where their format has its structure.

All that is drawn comes from the `random.Random` that is given, so that a case
can be made again from its seed.
"""

import io
import json
import struct
import zipfile
import zlib

WORDS = (b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80")
# Sizes and counts at which readers go wrong: signs, wrap-around, nothing.
NUMBERS = (
    0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 257,
    1000, 4095, 4096, 32767, 32768, 65535, 65536, 10**6, 2**24, 2**30,
    2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1,
)  # fmt: skip
VALUES = (
    None, True, False, -1, 0, 1, 2, 7, 255, 10**6, 10**30, -(2**63), 0.5, -0.0,
    1e308, "", " ", "0", "float32", "uint8", "\x1b[31m", "a\nb", "\0", "../up",
    "/etc/passwd", "x" * 3000, "é", "\ud800", [], [0, 1], [8, 8], [64, 64],
    [[]], {}, {"": None}, {"image": "uint8", "restored": "uint8"},
)  # fmt: skip


def damage_bytes(data, rng):
    """Flips bits, overwrites words and stretches, cuts off or inserts."""
    data = bytearray(data)
    at = rng.randrange(len(data))
    kind = rng.choice(("bits", "bits", "word", "cut", "zeros", "insert"))
    if kind == "bits":
        for _ in range(rng.choice((1, 1, 4, 16))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "word":
        at -= at % 4
        data[at : at + 4] = rng.choice((*WORDS, rng.randbytes(4)))
    elif kind == "cut":
        del data[at:]
    elif kind == "zeros":
        stretch = data[at : at + rng.randrange(1, 64)]
        data[at : at + len(stretch)] = bytes(len(stretch))
    else:
        data[at:at] = rng.randbytes(rng.randrange(1, 9))
    return bytes(data)


def damage_number(data, rng, start=0, stop=None):
    """Overwrites a whole number of 1 to 8 bytes, of either byte order."""
    stop = len(data) if stop is None else min(stop, len(data))
    width = rng.choice((1, 2, 2, 4, 4, 4, 8))
    at = rng.randrange(start, max(stop, start + 1))
    order = rng.choice(("little", "big"))
    number = rng.choice(NUMBERS) % 256**width
    return data[:at] + number.to_bytes(width, order) + data[at + width :]


def damage_parts(data, parts, rng):
    """Damages a file of chunks, segments, boxes or entries.

    Args:
        data: the file.
        parts: places of its parts, `(start, stop)`.
        rng: `random.Random`.

    Returns:
        The file with a part left out, doubled, moved, or with another number
        in the first bytes of one.
    """
    start, stop = rng.choice(parts)
    kind = rng.choice(("number", "number", "number", "drop", "double", "move"))
    if kind == "number":
        return damage_number(data, rng, start, min(stop, start + 32))
    part = data[start:stop]
    if kind == "drop":
        return data[:start] + data[stop:]
    if kind == "double":
        return data[:stop] + part * rng.choice((1, 1, 40)) + data[stop:]
    place, _ = rng.choice(parts)
    rest = data[:start] + data[stop:]
    return rest[:place] + part + rest[place:]


def damage_image(data, rng):
    """Damages a photo file once to three times, as its format suggests."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not data:
            break
        parts = parts_of(data)
        kind = rng.choice(("parts", "parts", "bytes", "head"))
        if kind == "parts" and parts:
            data = damage_parts(data, parts, rng)
        elif kind == "head":
            data = damage_number(data, rng, 0, 512)
        else:
            data = damage_bytes(data, rng)
    if data[:4] == b"\x89PNG" and rng.random() < 0.7:
        data = with_checksums(data)
    return data


def parts_of(data):
    """Places of the parts of an image file of any known format."""
    if data[:4] == b"\x89PNG":
        return list(png_chunks(data))
    if data[:2] == b"\xff\xd8":
        return list(_jpeg_segments(data))
    if data[:4] == b"RIFF":
        return list(_riff_chunks(data))
    if data[:2] in (b"II", b"MM"):
        return list(_tiff_entries(data))
    if data[4:8] in (b"ftyp", b"JXL "):
        return list(_boxes(data, 0, len(data)))
    if data[:4] == b"v/1\1":
        return list(_exr_attributes(data))
    return []


def png_chunks(data):
    at = 8
    while at + 12 <= len(data):
        stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield at, min(stop, len(data))
        at = stop


def with_checksums(data):
    """A PNG whose chunks have the checksums of what they hold."""
    out = bytearray(data)
    for start, stop in png_chunks(data):
        checksum = zlib.crc32(out[start + 4 : stop - 4])
        out[stop - 4 : stop] = checksum.to_bytes(4, "big")
    return bytes(out)


def _jpeg_segments(data):
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xD9:
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield at, min(stop, len(data))
        if data[at + 1] == 0xDA:
            break
        at = stop


def _riff_chunks(data):
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield at, min(at + 8 + size + size % 2, len(data))
        at += 8 + size + size % 2


def _tiff_entries(data):
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    number, pointer, size = ("Q", "Q", 20) if big else ("H", "I", 12)
    try:
        (at,) = struct.unpack_from(order + pointer, data, 8 if big else 4)
        for _ in range(8):
            (count,) = struct.unpack_from(order + number, data, at)
            at += struct.calcsize(number)
            for _ in range(min(count, 100)):
                yield at, at + size
                at += size
            (at,) = struct.unpack_from(order + pointer, data, at)
            if at == 0:
                break
    except (struct.error, OverflowError):
        return


def _boxes(data, at, end):
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big") or end - at
        stop = min(at + size, end)
        if stop < at + 8:
            return
        yield at, stop
        name = data[at + 4 : at + 8]
        if name in (b"meta", b"iprp", b"ipco", b"iinf"):
            skipped = {b"meta": 4, b"iinf": 6}.get(name, 0)
            yield from _boxes(data, at + 8 + skipped, stop)
        at = stop


def _exr_attributes(data):
    at = 8
    while at < len(data) and data[at]:
        name = data.find(b"\0", at)
        kind = data.find(b"\0", name + 1)
        if name < 0 or kind < 0 or kind - at > 64:
            return
        size = int.from_bytes(data[kind + 1 : kind + 5], "little")
        # Names seldom matter: what follows them does.
        yield kind + 1, min(kind + 5 + size, len(data))
        at = kind + 5 + size


def damage_json(text, rng):
    """Gives a value anywhere in a JSON text another value, or none."""
    tree = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2))):
        places = list(_places(tree))
        if not places:
            break
        holder, key = rng.choice(places)
        kind = rng.choice(("value", "value", "value", "drop", "nest", "add"))
        if kind == "value":
            holder[key] = rng.choice((*VALUES, *NUMBERS))
        elif kind == "drop":
            del holder[key]
        elif kind == "nest":
            holder[key] = [holder[key]]
        elif isinstance(holder, dict):
            holder[rng.choice(("extra", "", "__class__"))] = rng.choice(VALUES)
        else:
            holder.append(rng.choice(VALUES))
    return json.dumps(tree).encode()


def _places(tree):
    """Holder and key of every value in nested lists and dictionaries."""
    keys = ()
    if isinstance(tree, dict):
        keys = list(tree)
    elif isinstance(tree, list):
        keys = range(len(tree))
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


def damage_text(text, rng):
    """Damages a JSON text as JSON or as bytes."""
    if rng.random() < 0.75:
        return damage_json(text, rng)
    return damage_bytes(text, rng)


def damage_zip(data, rng, damage_entry=damage_bytes):
    """Damages an archive, or an entry whose checksum is then right again."""
    if rng.random() < 0.4:
        return damage_bytes(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    index = rng.randrange(len(entries))
    info, content = entries[index]
    kind = rng.choice(("damage", "damage", "damage", "drop", "double", "name"))
    if kind == "damage":
        entries[index] = (info, damage_entry(content or b"\0", rng))
    elif kind == "drop":
        del entries[index]
    elif kind == "double":
        entries.append((zipfile.ZipInfo(f"{info.filename}x"), content))
    else:
        name = rng.choice(("", "../up", "/up", "a.npy", f"x/{info.filename}"))
        entries[index] = (zipfile.ZipInfo(name or "x"), content)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return out.getvalue()
