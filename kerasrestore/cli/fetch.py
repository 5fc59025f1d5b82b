"""`kerasrestore fetch`: gets files of presets that are not in the package."""

import os

# The default of --from.
SOURCE = "KERASRESTORE_PRESETS"


def add_parser(commands):
    parser = commands.add_parser(
        "fetch",
        help="get the files of presets that are not in the package",
        description="Gets files that are listed in the cards of presets but "
        "are not in the installed package, such as Keras weights of presets "
        "that are no defaults; checks them and keeps them in a cache, where "
        "all commands and from_preset find them.",
    )
    parser.add_argument(
        "presets",
        metavar="NAME",
        nargs="*",
        help="presets, by name or folder (default: all of the package)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="PLACE",
        default=os.environ.get(SOURCE),
        help="folder, or its https:// address, that holds the presets' "
        f"folders; hf://user/repository that holds one preset (default: the "
        f"environment variable {SOURCE})",
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.models.fetching import (
        HUB,
        cached_file,
        fetch_file,
        is_address,
    )
    from kerasrestore.models.presets import find_preset, presets

    found = [find_preset(name) for name in args.presets] or presets()
    for preset in found:
        fetched = 0
        for role in preset.files:
            path = preset.file(role)
            if path.is_file():
                preset.checked_file(role)
                continue
            sha256 = preset.files[role]["sha256"]
            if cached_file(preset.name, path.name, sha256):
                continue
            if args.source is None:
                raise ValueError(
                    f"{path.name} of {preset.name} is not in the installed "
                    "package; give --from, the folder or address that holds "
                    "the presets."
                )
            place = args.source.rstrip("/")
            if not place.startswith(HUB):
                slash = "/" if is_address(place) else os.sep
                place = f"{place}{slash}{preset.name}"
            got = fetch_file(preset.name, path.name, sha256, place)
            print(f"{got} ({got.stat().st_size / 1e6:.1f} MB)")
            fetched += 1
        print(
            f"{preset.name}: {len(preset.files)} files, checked"
            + (f", {fetched} of them fetched" if fetched else "")
        )
    return 0
