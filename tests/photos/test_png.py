"""PNG: chunks on colours, texts and background, at 8 and 16 bits."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from kerasrestore.photos import Photo, PhotoError, PhotoWarning

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GAMMA = struct.pack(">I", 100_000)
PRIMARIES = struct.pack(
    ">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600
)


def chunk(name, body):
    checksum = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + checksum.to_bytes(4)


def png(bits, colour, *chunks, size=(6, 4)):
    """A PNG of random samples; `chunks` come in front of them."""
    width, height = size
    bands = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = (width * bands * bits + 7) // 8
    rng = np.random.default_rng(0)
    rows = b"".join(b"\0" + rng.bytes(row) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        SIGNATURE
        + chunk(b"IHDR", header)
        + b"".join(chunk(*item) for item in chunks)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def chunks_of(data):
    found, at = [], 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def read(data):
    return Photo.read(io.BytesIO(data))


def round_trip(data):
    file = io.BytesIO()
    read(data).save(file, format="PNG")
    return chunks_of(file.getvalue())


TEXTS = [
    (b"tEXt", b"Title\0K\xf6nigstuhl"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"long")),
    (b"iTXt", b"Author\0\0\0de\0Urheber\0Zo\xc3\xab"),
]


@pytest.mark.parametrize(("bits", "colour"), [(8, 2), (16, 2), (16, 0), (8, 6)])
@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", GAMMA), (b"cHRM", PRIMARIES)],
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455))],
        [(b"cICP", b"\x09\x10\0\1"), (b"mDCV", bytes(24)), (b"cLLI", bytes(8))],
        TEXTS,
    ],
)
def test_chunks_are_kept(bits, colour, chunks):
    out = round_trip(png(bits, colour, *chunks))
    names = [name for name, _ in out]
    for item in chunks:
        assert item in out
        assert names.index(item[0]) < names.index(b"IDAT")


def test_what_another_format_cannot_hold_is_told(tmp_path):
    photo = read(png(8, 2, (b"gAMA", GAMMA), *TEXTS))
    with pytest.warns(PhotoWarning) as told:
        photo.save(tmp_path / "a.jpg")
    (message,) = [str(item.message) for item in told]
    assert "gAMA" in message and "Title, Comment, Author" in message
    with pytest.warns(PhotoWarning, match="cICP"):
        read(png(8, 2, (b"cICP", b"\x09\x10\0\1"))).save(tmp_path / "a.tif")
    # What says sRGB is what everybody assumes.
    usual = read(png(8, 2, (b"sRGB", b"\0"), (b"gAMA", b"\0\0\xb1\x8f")))
    usual.save(tmp_path / "b.jpg")


@pytest.mark.parametrize(
    ("bits", "colour", "body", "wanted"),
    [
        (8, 2, (1, 2, 3), (1, 2, 3)),
        (16, 6, (1000, 2, 3), (1000, 2, 3)),
        (2, 0, (3,), (255,)),
        (4, 0, (2,), (34,)),
        (16, 4, (700,), (700,)),
    ],
)
def test_background(bits, colour, body, wanted):
    body = struct.pack(f">{len(body)}H", *body)
    out = round_trip(png(bits, colour, (b"bKGD", body)))
    assert (b"bKGD", struct.pack(f">{len(wanted)}H", *wanted)) in out


def test_background_of_a_palette():
    palette = bytes(range(30))
    data = png(1, 3, (b"PLTE", palette), (b"bKGD", b"\2"))
    out = round_trip(data)
    assert (b"bKGD", struct.pack(">3H", 6, 7, 8)) in out
    assert b"PLTE" not in dict(out)


@pytest.mark.parametrize("packed", [False, True])
def test_large_xmp(packed):
    xmp = b"<x>" + b"a" * 3_000_000 + b"</x>"
    body = b"XML:com.adobe.xmp\0"
    body += b"\1\0\0\0" + zlib.compress(xmp) if packed else b"\0\0\0\0" + xmp
    photo = read(png(8, 2, (b"iTXt", body)))
    assert photo.xmp == xmp


def test_chunks_that_are_left_out_are_told():
    photo = read(png(8, 2, (b"caBX", b"any"), (b"tIME", bytes(7)), *TEXTS))
    assert photo.notes == ("Dropped: caBX.",)


def test_broken_chunks_do_not_stop():
    broken = [
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0junk"),
        (b"iCCP", b"name\0\0junk"),
        (b"pHYs", b"1"),
        (b"eXIf", b"junk"),
        (b"bKGD", b""),
        (b"cICP", b"1"),
        (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(b"\niptc\nx")),
    ]
    photo = read(png(8, 3, (b"PLTE", bytes(range(255)) * 3 + b"abc"), *broken))
    assert photo.xmp is photo.exif is photo.icc_profile is photo.iptc is None


@pytest.mark.parametrize("bits", [8, 16])
def test_damaged_pixels_are_told(bits):
    data = bytearray(png(bits, 2, size=(40, 40)))
    data[300] ^= 1
    with pytest.raises(PhotoError, match="damaged"):
        read(bytes(data))


@pytest.mark.parametrize("kind", ["iptc", "IPTC profile", "exif"])
def test_profiles_in_hexadecimal_digits(kind):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    iptc = b"\x1c\x02\x19\0\3abc"
    block = exif.tobytes() if kind == "exif" else iptc
    name = b"exif" if kind == "exif" else b"iptc"
    text = f"\n{kind}\n{len(block):8}\n{block.hex()}\n".encode()
    body = b"Raw profile type " + name + b"\0\0" + zlib.compress(text)
    photo = read(png(8, 2, (b"zTXt", body)))
    assert photo.chunks == ()
    if kind == "exif":
        assert b"Camera" in photo.exif
    else:
        assert photo.iptc == iptc
