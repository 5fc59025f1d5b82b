"""JPEG: several images, appended videos, segments, tables, truncation."""

import io
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageFilter, JpegImagePlugin

from kerasrestore.photos import Photo, PhotoError, PhotoWarning
from kerasrestore.photos.jpeg import XMP_HEAD, segments

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/"
CAMERA = "http://ns.google.com/photos/1.0/camera/"


def image(width=96, height=64, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    noisy = Image.fromarray(noise.astype("uint8"))
    return noisy.filter(ImageFilter.GaussianBlur(2))


def jpeg(picture=None, **options):
    file = io.BytesIO()
    (picture or image()).save(file, "JPEG", **options)
    return file.getvalue()


def read(data, **options):
    return Photo.read(io.BytesIO(data), **options)


def written(photo, **options):
    file = io.BytesIO()
    photo.save(file, format="JPEG", **options)
    return file.getvalue()


def packet(properties, spaces=""):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" {spaces} '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg">'
        f"{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def exif_with_thumbnail():
    """Bytes of an EXIF block as cameras write it, orientation 6."""
    shown = jpeg(image(16, 8))
    first = struct.pack(">H", 2)
    first += struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    first += struct.pack(">HHII", 0x8769, 4, 1, 38)
    first += struct.pack(">I", 68)
    second = struct.pack(">H", 2)
    second += struct.pack(">HHIHH", 0xA002, 3, 1, 96, 0)
    second += struct.pack(">HHII", 0xA003, 4, 1, 64)
    second += bytes(4)
    third = struct.pack(">H", 2)
    third += struct.pack(">HHII", 0x0201, 4, 1, 98)
    third += struct.pack(">HHII", 0x0202, 4, 1, len(shown))
    third += bytes(4)
    block = b"MM\0*" + struct.pack(">I", 8) + first + second + third
    assert len(block) == 98
    return b"Exif\0\0" + block + shown, shown


def test_what_is_stale_after_turning_is_mended():
    exif, shown = exif_with_thumbnail()
    spaces = (
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    )
    xmp = packet("<exif:PixelXDimension>96</exif:PixelXDimension>", spaces)
    data = written(read(jpeg(exif=exif, xmp=xmp)))
    assert shown[-200:] not in data
    with Image.open(io.BytesIO(data)) as found:
        assert found.size == (64, 96)
        tags = found.getexif()
        assert tags.get(0x0112) == 1
        assert tags.get_ifd(0x8769)[0xA002] == 64
        assert tags.get_ifd(0x8769)[0xA003] == 96
        assert 0x0201 not in tags.get_ifd(1)
        assert b'tiff:Orientation="1"' in found.info["xmp"]
        assert b"PixelXDimension>64<" in found.info["xmp"]


def test_xmp_with_nothing_stale_stays_byte_for_byte():
    xmp = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>" + packet(
        "<dc:title>A  &#228;</dc:title>"
    )
    assert read(written(read(jpeg(xmp=xmp)))).xmp == xmp


@pytest.mark.parametrize("broken", [b"<x", b"<!DOCTYPE a []><a/>", b"\xff\0"])
def test_xmp_that_cannot_be_parsed_is_kept(broken):
    photo = read(jpeg(xmp=broken + b"Orientation"))
    assert read(written(photo)).xmp == photo.xmp == broken + b"Orientation"


def mpo(*pictures, **options):
    file = io.BytesIO()
    pictures[0].save(
        file,
        "MPO",
        save_all=True,
        append_images=list(pictures[1:]),
        quality=95,
        **options,
    )
    return file.getvalue()


def test_a_gain_map_is_left_out_and_no_longer_announced():
    spaces = f'xmlns:hdrgm="{GAIN_MAP}" hdrgm:Version="1.0"'
    container = (
        '<c:Directory xmlns:c="http://ns.google.com/photos/1.0/container/">'
        "<rdf:Seq><rdf:li>GainMap</rdf:li></rdf:Seq></c:Directory>"
    )
    data = mpo(image(), image(24, 16), xmp=packet(container, spaces))
    photo = read(data)
    assert photo.size == (96, 64)
    notes = " ".join(photo.notes)
    assert "2 images" in notes and "gain map" in notes
    out = written(photo)
    assert b"hdrgm:Version" not in out and b"GainMap" not in out
    assert b"MPF\0" not in out and b'dc:format="image/jpeg"' in out


@pytest.mark.parametrize("form", ["attribute", "element"])
def test_a_film_is_left_out_and_no_longer_announced(form):
    film = b"\0\0\0\x18ftypmp42" + bytes(400)
    if form == "attribute":
        xmp = packet("", f'xmlns:G="{CAMERA}" G:MotionPhoto="1"')
    else:
        xmp = packet("<G:MicroVideo>1</G:MicroVideo>", f'xmlns:G="{CAMERA}"')
    photo = read(jpeg(xmp=xmp) + film)
    assert any("embedded video" in note for note in photo.notes)
    out = written(photo)
    assert b"ftyp" not in out
    assert b"G:MotionPhoto" not in out and b"G:MicroVideo" not in out
    # Samsung announces nothing in XMP.
    assert "video" in read(jpeg() + b"MotionPhoto_Data" + film).notes[0]
    assert read(jpeg() + b"garbage").notes == ()


def test_the_larger_picture_is_the_photo():
    photo = read(mpo(image(24, 16), image(96, 64, seed=1)))
    assert photo.size == (96, 64)
    wanted = read(jpeg(image(96, 64, seed=1), quality=95)).pixels
    error = photo.pixels.astype(int) - wanted
    assert np.abs(error).mean() < 3


def iptc(keyword="Bäume"):
    text = keyword.encode()
    return struct.pack(">BBBH", 0x1C, 2, 25, len(text)) + text


@pytest.mark.parametrize("ending", ["jpg", "tif", "png"])
def test_iptc_is_kept(tmp_path, ending):
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc())) + iptc()
    thumbnail = b"8BIM\x04\x0c\x03abc" + struct.pack(">I", 3) + b"old\0"
    body = b"Photoshop 3.0\0" + thumbnail + block + b"\0"
    data = jpeg()
    data = (
        data[:2] + struct.pack(">HH", 0xFFED, len(body) + 2) + body + data[2:]
    )
    photo = read(data)
    assert photo.iptc == iptc()
    photo.save(tmp_path / f"a.{ending}")
    assert Photo.read(tmp_path / f"a.{ending}").iptc == iptc()
    with Image.open(tmp_path / f"a.{ending}") as found:
        from PIL import IptcImagePlugin

        if ending != "png":
            told = IptcImagePlugin.getiptcinfo(found)
            assert told[2, 25] == "Bäume".encode()
    with pytest.warns(PhotoWarning, match="IPTC"):
        photo.save(tmp_path / "a.webp")


@pytest.mark.parametrize("size", [70_000, 300_000])
def test_large_xmp(size):
    title = "ä" * 100
    kept = "".join(
        f"<dc:part{i}>{'b' * (size // 10)}</dc:part{i}>" for i in range(10)
    )
    xmp = packet(f"<dc:title>{title}</dc:title>{kept}")
    photo = Photo(np.asarray(image()), xmp=xmp)
    data = written(photo)
    parts = [body for _, body, _ in segments(data)]
    first = [body for body in parts if body.startswith(XMP_HEAD)]
    assert len(first) == 1 and title.encode() in first[0]
    found = read(data).xmp
    for text in (title, *(f"part{i}>{'b' * (size // 10)}" for i in range(10))):
        assert text.encode() in found
    assert b"HasExtendedXMP" not in found
    again = read(written(read(data)))
    assert len(read(written(again)).xmp) == len(again.xmp)


def test_large_xmp_in_attributes():
    spaces = 'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" '
    spaces += f'GDepth:Format="Linear" GDepth:Data="{"A" * 200_000}"'
    photo = Photo(
        np.asarray(image()), xmp=packet("<dc:title>a</dc:title>", spaces)
    )
    found = read(written(photo)).xmp
    assert b"A" * 200_000 in found and b"<dc:title>a</dc:title>" in found
    assert b'dc:format="image/jpeg"' in found


def test_xmp_that_no_jpeg_can_hold_is_told():
    xmp = b"<x" + b"a" * 70_000
    with pytest.warns(PhotoWarning, match="XMP of 70002 bytes"):
        data = written(Photo(np.asarray(image()), xmp=xmp))
    assert read(data).xmp is None


def test_large_exif():
    exif = Image.Exif()
    exif[0x010E] = "a" * 150_000
    photo = Photo(np.asarray(image()), exif=exif.tobytes())
    data = written(photo)
    assert read(data).exif == photo.exif
    with Image.open(io.BytesIO(data)) as found:
        assert found.getexif()[0x010E] == "a" * 150_000


@pytest.mark.parametrize("missing", [1, 2, 10, 60])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_missing_end(missing, progressive):
    whole = jpeg(image(240, 200), quality=90, progressive=progressive)
    wanted = read(whole).pixels
    photo = read(whole[:-missing])
    np.testing.assert_allclose(
        photo.pixels[:160].astype(int), wanted[:160], atol=8
    )
    assert (missing <= 2) or "file is truncated" in photo.notes[0]


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_half_a_picture_is_refused(part):
    whole = jpeg(image(240, 200), quality=90)
    with pytest.raises(PhotoError, match="rows are missing"):
        read(whole[: int(part * len(whole))])


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_tables_of_the_original_are_kept(mode, subsampling, progressive):
    options = {
        "quality": 63,
        "subsampling": subsampling,
        "progressive": progressive,
    }
    data = jpeg(image().convert(mode), **options)
    photo = read(data)
    first, second = (
        Image.open(io.BytesIO(data)),
        Image.open(io.BytesIO(written(photo))),
    )
    assert first.quantization == second.quantization
    assert ("progressive" in second.info) == progressive
    if mode == "RGB":
        assert JpegImagePlugin.get_sampling(second) == subsampling
    other = Image.open(io.BytesIO(written(photo, quality=90)))
    assert other.quantization != first.quantization


def test_comment_and_resolution_are_kept():
    photo = read(written(read(jpeg(comment=b"hello", dpi=(300, 200)))))
    assert photo.comment == b"hello" and photo.dpi == (300, 200)
    turned = read(jpeg(dpi=(300, 200), exif=exif_with_thumbnail()[0]))
    assert turned.dpi == (200, 300)


def test_segments_that_are_left_out_are_told():
    data = jpeg(comment=b"hello", dpi=(72, 72), icc_profile=b"profile")
    for marker, body in ((0xE1, b"FLIR\0\1"), (0xEB, b"JP\0\1jumb")):
        head = struct.pack(">BBH", 0xFF, marker, len(body) + 2)
        data = data[:2] + head + body + data[2:]
    assert read(data).notes == ("Dropped: APP11 JP, APP1 FLIR.",)


def test_damage_in_any_segment_is_one_error_at_most():
    exif, _ = exif_with_thumbnail()
    data = mpo(image(), image(24, 16), exif=exif, xmp=packet("")) + b"ftyp"
    rng = np.random.default_rng(0)
    for _ in range(200):
        broken = bytearray(data)
        for place in rng.integers(2, min(len(data), 3000), 3):
            broken[place] = rng.integers(256)
        try:
            photo = read(bytes(broken))
        except PhotoError:
            continue
        photo.save(os.devnull, format="JPEG")


def test_reading_holds_the_pixels_twice_at_most(tmp_path):
    size = (4000, 3000)
    path = tmp_path / "large.jpg"
    Image.new("RGB", size, "teal").save(path)
    code = """
import sys
from kerasrestore.inference.memory import peak_bytes
from kerasrestore.photos import read_photo
read_photo(sys.argv[1], max_pixels=64)
before = peak_bytes()
photo = read_photo(sys.argv[2])
print(peak_bytes() - before)
"""
    Image.new("RGB", (8, 8)).save(tmp_path / "small.jpg")
    output = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "small.jpg", path],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # Pillow's four bytes of a pixel and the array's three.
    assert 6 < int(output) / (size[0] * size[1]) < 8.5
