"""Writes docs/security/licences.md: licences of what the package depends on.

python docs/scripts/make_licences.py

reads what the installed packages declare, so it runs in an environment with
`kerasrestore[test,docs]`. `tests/supply/test_licences.py` holds that none is
unknown or forbidden.
"""

import configparser
import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "security" / "licences.md"
REQUIRED = "required"
# What distributions of Python packages call the common licences.
NAMES = (
    (r"\bAGPL|Affero", "AGPL"),
    (r"\bLGPL|Lesser General Public", "LGPL"),
    (r"\bGPL|General Public License", "GPL"),
    (r"Apache", "Apache-2.0"),
    (r"\bMPL|Mozilla", "MPL-2.0"),
    (r"\bHPND|MIT-CMU|CMU License", "MIT-CMU"),
    (r"BSD|Redistribution and use in source and binary forms", "BSD"),
    (r"\bMIT\b", "MIT"),
    (r"\bISC\b", "ISC"),
    (r"\bPSF|Python Software Foundation", "PSF-2.0"),
    (r"Unlicense|public domain|CC0", "public domain"),
)
HEAD = """\
# Licences

What the package depends on, directly or through others, with the licence that
each declares. The package itself is Apache-2.0. Written by
`docs/scripts/make_licences.py`.

pillow-heif declares BSD, but its wheels contain libx265, which is GPL: whoever
passes on a program with it has to follow those terms. It is an extra for that
reason. Other wheels contain libraries under further licences, too, whose texts
are in the wheels. huggingface_hub (extra `hub`, Apache-2.0) is not installed
where this table is made.

| package | needed by | licence |
|---|---|---|
"""


def canonical(name):
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def direct():
    """Dictionary: package -> extras that require it, of setup.cfg."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lists = {REQUIRED: config["options"]["install_requires"]}
    lists |= dict(config["options.extras_require"])
    found = {}
    for extra, lines in lists.items():
        for line in lines.split("\n"):
            if line.strip() and not line.startswith("#"):
                name = canonical(Requirement(line).name)
                found.setdefault(name, []).append(extra)
    return found


def dependencies():
    """Dictionary: installed package -> what needs it, sorted by name."""
    found = dict(direct())
    queue = list(found)
    while queue:
        name = queue.pop()
        try:
            requires = importlib.metadata.requires(name) or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        for line in requires:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is not None and not marker.evaluate({"extra": ""}):
                continue
            below = canonical(requirement.name)
            if below not in found:
                found[below] = [name]
                queue.append(below)
    return dict(sorted(found.items()))


def licence(name):
    """The licence that an installed package declares: a name of `NAMES`,
    several joined by `and`, `unknown`, or `None` if it is not installed."""
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    named = [told.get("License-Expression") or ""]
    named += [
        line.rpartition("::")[2]
        for line in told.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    # Some have the whole text there.
    named += [(told.get("License") or "").strip()[:60]]
    # Without a word in the metadata, the beginning of the licence's file.
    for path in importlib.metadata.files(name) or ():
        if path.name.startswith("LICENSE"):
            named.append(" ".join(path.read_text().split())[:300])
    for text in named:
        found = [kind for pattern, kind in NAMES if re.search(pattern, text)]
        # GPL is part of the names of the other two.
        if found:
            return " and ".join(found)
    return "unknown"


def table():
    """The document."""
    rows = []
    for name, needed in dependencies().items():
        found = licence(name)
        if found is not None:
            by = ", ".join(
                one if one == REQUIRED else f"`{one}`" for one in needed
            )
            rows.append(f"| {name} | {by} | {found} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
