"""Sound photo files of every format that the package reads.

Small, as damage then hits what matters, and of many kinds: bit depths,
channels, compressions, and with metadata wherever there can be some.
"""

import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

HEIC = Path(__file__).parents[1] / "photos" / "heic"
Y, X = np.mgrid[:32, :48]
RAMP = np.dstack([X * 5, Y * 7, (X + Y) * 3]).astype("uint8")
DEEP = RAMP.astype("uint16") * 257
ALPHA = (X * 5).astype("uint8")
LIGHT = (RAMP / np.float32(200)).astype("f4")
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" '
    b'tiff:ImageWidth="48"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x19\0\x05photo\x1c\x02\x78\0\x03sea"


def exif(orientation=6):
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Zoë", orientation
    tags.get_ifd(0x8769)[0xA002] = 48
    tags.get_ifd(0x8769)[0x927C] = bytes(40)
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(pixels=RAMP, **options):
    """A photo of the package with all metadata."""
    from kerasrestore.photos import Photo

    return Photo(
        pixels, exif=exif(1), xmp=XMP, icc_profile=profile(), dpi=(72, 300),
        **options,
    )  # fmt: skip


def pillow(folder, name, image, **options):
    image.save(folder / name, **options)


def make_png(folder):
    full = photo(
        alpha=ALPHA,
        iptc=IPTC,
        cicp=(9, 16),
        chunks=(
            (b"gAMA", struct.pack(">I", 50000)),
            (b"tEXt", b"Author\0me"),
            (b"bKGD", struct.pack(">3H", 1, 2, 3)),
        ),
    )
    full.save(folder / "full.png")
    photo(DEEP, alpha=ALPHA.astype("uint16") * 257).save(folder / "deep.png")
    photo(DEEP[..., 0]).save(folder / "deep_gray.png")
    photo(RAMP[..., 0]).save(folder / "gray.png")
    image = Image.fromarray(RAMP)
    palette = image.quantize(16)
    pillow(folder, "palette.png", palette, transparency=b"\0\x80\xff")
    pillow(folder, "bit.png", image.convert("1"))
    pillow(folder, "clear.png", image.convert("L"), transparency=5)
    text = (b"\nexif\n%8d\n" % len(exif())) + exif().hex().encode() + b"\n"
    data = (folder / "gray.png").read_bytes()
    from kerasrestore.photos.png import _packed

    chunk = _packed(b"tEXt", b"Raw profile type exif\0" + text)
    (folder / "raw_profile.png").write_bytes(data[:33] + chunk + data[33:])


def make_jpeg(folder):
    photo(comment=b"a remark", iptc=IPTC).save(folder / "full.jpg")
    photo(RAMP[..., 0]).save(folder / "gray.jpg")
    image = Image.fromarray(RAMP)
    pillow(
        folder, "progressive.jpg", image, quality=60, progressive=True,
        exif=exif(), xmp=XMP,
    )  # fmt: skip
    pillow(folder, "420.jpg", image, quality=40, subsampling=2, exif=exif(8))
    pillow(folder, "cmyk.jpg", image.convert("CMYK"))
    large = Image.fromarray(np.tile(RAMP, (3, 3, 1)))
    pillow(
        folder, "two.jpg", image, format="MPO", save_all=True,
        append_images=[large],
    )  # fmt: skip
    # XMP that needs several segments.
    more = XMP.replace(b"tiff:ImageWidth", b"tiff:Note='%s' tiff:ImageWidth")
    photo_xmp = more % (b"x" * 70000)
    from kerasrestore.photos import Photo

    Photo(RAMP, xmp=photo_xmp).save(folder / "long.jpg")
    data = (folder / "420.jpg").read_bytes()
    (folder / "film.jpg").write_bytes(data + b"\0\0\0\x18ftypmp42" + bytes(99))


def make_webp(folder):
    photo(alpha=ALPHA).save(folder / "full.webp")
    photo(format="WEBP").save(folder / "lossless.webp")
    image = Image.fromarray(RAMP)
    pillow(folder, "plain.webp", image, quality=50)
    pillow(folder, "turned.webp", image, quality=50, exif=exif(6))


def make_bmp(folder):
    from kerasrestore.photos import Photo

    Photo(RAMP, dpi=(72, 300)).save(folder / "plain.bmp")
    Photo(RAMP, ALPHA).save(folder / "alpha.bmp")
    image = Image.fromarray(RAMP)
    pillow(folder, "palette.bmp", image.quantize(16))
    pillow(folder, "bit.bmp", image.convert("1"))


def make_tiff(folder):
    import tifffile

    photo(alpha=ALPHA, iptc=IPTC).save(folder / "full.tif")
    photo(DEEP, extra=DEEP[..., :2]).save(folder / "deep.tif")
    photo(LIGHT, linear=True).save(folder / "light.tif")

    def write(name, array, **options):
        tifffile.imwrite(folder / name, array, metadata=None, **options)

    write("tiles.tif", np.tile(RAMP, (2, 2, 1)), tile=(16, 32))
    write("planar.tif", np.moveaxis(DEEP, -1, 0), planarconfig="separate",
          photometric="rgb", compression="zlib", predictor=True)  # fmt: skip
    write("lzw.tif", RAMP, compression="lzw", rowsperstrip=7)
    write("big.tif", RAMP, bigtiff=True, byteorder=">")
    write("halves.tif", LIGHT.astype("f2"), photometric="rgb")
    write("white.tif", RAMP[..., 0], photometric="miniswhite")
    write("jpeg.tif", RAMP, compression="jpeg", photometric="ycbcr")
    write("packbits.tif", RAMP, compression="packbits")
    write(
        "multiplied.tif", np.dstack([DEEP, DEEP[..., 0]]),
        photometric="rgb", extrasamples=["assocalpha"],
    )  # fmt: skip
    image = Image.fromarray(RAMP)
    pillow(folder, "palette.tif", image.quantize(16))
    pillow(folder, "ycbcr.tif", image, compression="jpeg")
    pillow(folder, "group4.tif", image.convert("1"), compression="group4")
    pillow(folder, "turned.tif", image, exif=exif(6))
    with tifffile.TiffWriter(folder / "pages.tif") as writer:
        writer.write(RAMP[::4, ::4].copy(), subifds=1, metadata=None)
        writer.write(RAMP, metadata=None)


def make_avif(folder):
    import imagecodecs

    photo(alpha=ALPHA).save(folder / "full.avif")
    photo(RAMP[..., 0]).save(folder / "gray.avif")
    for bits in (10, 12):
        data = imagecodecs.avif_encode(
            RAMP.astype("uint16") << (bits - 8), level=80, bitspersample=bits
        )
        (folder / f"deep{bits}.avif").write_bytes(data)
    pillow(folder, "turned.avif", Image.fromarray(RAMP), exif=exif(6))


def make_heic(folder):
    for path in HEIC.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())


def make_jxl(folder):
    import imagecodecs

    def write(name, array, **options):
        data = imagecodecs.jpegxl_encode(array, **options)
        (folder / name).write_bytes(data)
        return data

    write("bare.jxl", RAMP, level=70)
    write("deep.jxl", DEEP, lossless=True, usecontainer=True)
    write("gray.jxl", RAMP[..., 0], lossless=True)
    write("floats.jxl", LIGHT, lossless=True)
    data = write("alpha.jxl", np.dstack([RAMP, ALPHA]), usecontainer=True)
    boxes = (
        b"Exif" + bytes(4) + exif()[6:],
        b"brob" + b"xml " + imagecodecs.brotli_encode(XMP),
    )
    data += b"".join(struct.pack(">I", 4 + len(box)) + box for box in boxes)
    (folder / "metadata.jxl").write_bytes(data)


def make_exr(folder):
    import OpenEXR

    half = LIGHT.astype("f2")
    light = np.dstack([LIGHT, LIGHT[..., 0]])
    kinds = {
        "zip": ({"RGB": LIGHT}, OpenEXR.ZIP_COMPRESSION),
        "piz": ({"RGB": half}, OpenEXR.PIZ_COMPRESSION),
        "rle": ({"RGBA": light}, OpenEXR.RLE_COMPRESSION),
        "dwaa": ({"RGB": half}, OpenEXR.DWAA_COMPRESSION),
        "b44": ({"RGB": half}, OpenEXR.B44_COMPRESSION),
        "pxr24": ({"RGB": LIGHT}, OpenEXR.PXR24_COMPRESSION),
        "none": ({"Y": LIGHT[..., 0].copy()}, OpenEXR.NO_COMPRESSION),
    }
    for name, (channels, compression) in kinds.items():
        header = {"compression": compression, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, channels).write(str(folder / f"{name}.exr"))


def make_raw(folder):
    import tifffile

    mosaic = np.full((40, 60), 9000, "uint16")
    pattern = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, b"\0\1\1\2", True)]
    told = [
        (50706, 1, 4, b"\1\4\0\0", True),
        (271, 2, 0, "Camera", True),
        (700, 1, 4, XMP, True),
    ]
    for name, options in (
        ("plain.dng", {}),
        ("zlib.dng", {"compression": "zlib"}),
    ):
        with tifffile.TiffWriter(folder / name) as writer:
            writer.write(
                RAMP[:10, :15].copy(), photometric="rgb", subfiletype=1,
                subifds=1, extratags=told, metadata=None,
            )  # fmt: skip
            writer.write(
                mosaic, photometric="cfa", extratags=pattern, metadata=None,
                **options,
            )  # fmt: skip
    heads = {
        "a.raf": b"FUJIFILMCCD-RAW 0201FF383501X-T1",
        "a.cr2": b"II*\0\x10\0\0\0CR\2\0",
        "a.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        "a.crw": b"II\x1a\0\0\0HEAPCCDR",
    }
    for name, head in heads.items():
        (folder / name).write_bytes(head + bytes(range(256)) * 8)


MAKERS = {
    "png": make_png,
    "jpeg": make_jpeg,
    "webp": make_webp,
    "bmp": make_bmp,
    "tiff": make_tiff,
    "avif": make_avif,
    "heic": make_heic,
    "jxl": make_jxl,
    "exr": make_exr,
    "raw": make_raw,
}


def make_mixed(folder):
    """Files that training and evaluation read."""
    for kind in ("png", "jpeg", "webp", "bmp", "tiff"):
        MAKERS[kind](folder)
