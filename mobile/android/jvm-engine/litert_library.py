"""Prints where LiteRT's library lies, for the tests of jvm-engine.

export LITERT_LIBRARY=$(python mobile/android/jvm-engine/litert_library.py)
mvn -f mobile/android/pom.xml verify
"""

import sys
from importlib import metadata, util
from pathlib import Path

PACKAGE = "ai-edge-litert"
# Other versions order the arguments of their functions otherwise.
VERSION = "2.3.0"


def main():
    found = util.find_spec("ai_edge_litert")
    version = None if found is None else metadata.version(PACKAGE)
    if version != VERSION:
        sys.exit(
            f"The tests want {PACKAGE} {VERSION}, found {version}; run pip "
            f"install {PACKAGE}=={VERSION}."
        )
    folder = Path(next(iter(found.submodule_search_locations)))
    library = folder / "libLiteRt.so"
    if not library.is_file():
        sys.exit(f"{folder} has no libLiteRt.so; run on Linux.")
    print(library)


if __name__ == "__main__":
    main()
