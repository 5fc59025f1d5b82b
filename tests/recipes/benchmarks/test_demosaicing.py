import importlib.util

import pytest
from testing import ROOT, image_folder

from kerasrestore.imaging.mosaic import PATTERNS


@pytest.fixture
def benchmark():
    path = ROOT / "recipes" / "benchmarks" / "demosaicing.py"
    spec = importlib.util.spec_from_file_location("demosaicing", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_model_is_better_than_interpolation(benchmark, capsys, tmp_path):
    benchmark.main([str(image_folder(tmp_path / "clean", 2))])
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "folder,method," + ",".join(PATTERNS)
    found = {row.split(",")[1]: row.split(",")[2:] for row in rows}
    model, bilinear = (
        list(map(float, found[name]))
        for name in ("danet_mobile_demosaic_bayer_cc0", "bilinear")
    )
    assert {"Malvar"} < set(found)
    for ours, theirs in zip(model, bilinear, strict=True):
        assert ours > theirs
