"""Adds a picture of photos before and after to a preset.

python recipes/add_crops.py danet_mobile_denoise_color_camera_cc0 \
    docs/images/portrait_camera.jpg@190,100 docs/images/night_camera.jpg@250,160

Each row shows a square of 256 pixels of a photo at 100 %, as it is on the
left, restored by the preset's preferred `.tflite` file on the right; if the
preset enlarges, a smaller square, enlarged bicubically and by the preset. The
numbers are the position of its left and upper edge, without them it is the
middle of the photo. The photos' names are recorded in the card.
"""

import argparse
import sys
from pathlib import Path


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("preset", help="name or folder of the preset")
    add("photos", nargs="+", metavar="PHOTO[@LEFT,TOP]", help="photo files")
    add("--size", type=int, default=256, help="side of the squares in pixels")
    return parser.parse_args(argv)


def place(text):
    """Path and position of `PHOTO[@LEFT,TOP]`."""
    path, _, numbers = text.rpartition("@")
    if not path:
        return Path(text), None
    try:
        left, top = map(int, numbers.split(","))
    except ValueError:
        return Path(text), None  # a name with an @
    return Path(path), (left, top)


def main(argv=None):
    args = parse(argv)

    from kerasrestore.export.preset_crops import add_crops
    from kerasrestore.models.presets import find_preset

    preset = add_crops(
        find_preset(args.preset), map(place, args.photos), size=args.size
    )
    print(preset.file("crops"))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
