"""The recipes of the papers with networks that train in a moment."""

import runpy

from testing import ROOT

SMALL = {
    "rnan": "--local-blocks 1 --nonlocal-blocks 1 --features 8",
    "panet": "--blocks 2 --features 8",
    "nlrn": "--unrolled 2 --filters 8 --key-filters 4",
    "danet": "--widths 8,16 --blocks 0,1 --offset-width 4",
    "danet_mobile": "--widths 8,16 --middle-blocks 1",
}
# As small as they get, where it takes long to compile.
SMALLER = {
    **SMALL,
    "rnan": "--local-blocks 0 --nonlocal-blocks 1 --features 4",
    "nlrn": "--unrolled 1 --filters 8 --key-filters 4",
    "danet": "--widths 8 --blocks 0 --offset-width 4",
}
STEPS = "--batch-size 2 --patch-size 12 --validation-crop 24"


def recipe(name):
    return runpy.run_path(str(ROOT / "recipes" / f"train_{name}.py"))["RECIPE"]


def run(name, *words):
    recipe(name).run(" ".join(map(str, words)).split())


def where(folder, out):
    return f"--data {folder} --validation {folder} --out {out}"
