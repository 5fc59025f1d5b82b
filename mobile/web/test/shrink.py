"""Writes PNG pictures with 256 colours, for the docs.

python mobile/web/test/shrink.py PICTURE...
"""

import sys

from PIL import Image

for path in sys.argv[1:]:
    image = Image.open(path).convert("RGB")
    image.quantize(256, dither=0).save(path, optimize=True)
