import json
import os
import subprocess
import sys

import pytest
from small_tflite import write_small
from testing import ROOT

from kerasrestore import LiteRTRestorer

COUNT = 500
MODELS = {
    "float32": {},
    "float16_sigma": {"quantization": "float16", "sigma_input": True},
    "int8": {"quantization": "int8"},
    "bytes": {"quantization": "int8", "io": "uint8"},
    "dynamic": {"dynamic": True},
}
# What may differ without being garbage: 30 dB, and less than the self-test of
# an int8 model sees.
VISIBLE = 8 / 255


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_damaged_models_and_sidecars(tmp_path):
    for name, options in MODELS.items():
        path = write_small(tmp_path / f"{name}.tflite", **options)
        side = path.with_suffix(".json")
        restorer = LiteRTRestorer(path, trial=False)
        sidecar = {**restorer.sidecar, "self_test": restorer.make_self_test()}
        side.write_text(json.dumps(sidecar))
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "fuzz_litert.py", tmp_path]
        + [str(COUNT), "0"],
        capture_output=True,
        text=True,
        check=True,
        timeout=1200,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == COUNT
    ends = {result["end"] for result in results}
    assert ends <= {"refused", "restored", "crashed", "hung"}, results
    for result in results:
        if result["end"] == "refused":
            assert "damaged." in result["text"], result
            assert result["text"].isprintable(), result
        elif result["end"] == "restored":
            assert result["difference"] < VISIBLE, result
    # What was damaged after the export never gets as far as LiteRT.
    stale = [result for result in results if result["what"] == "model"]
    assert stale and {result["end"] for result in stale} == {"refused"}
    signed = {result["end"] for result in results if result["what"] == "signed"}
    assert {"refused", "restored"} <= signed
    # What kills or stops a process that loads it is a sentence here.
    for result in results:
        if result["end"] in ("crashed", "hung"):
            with pytest.raises(ValueError, match=r"crashes|stopped") as error:
                LiteRTRestorer(tmp_path / "kept" / result["file"], threads=1)
            assert str(error.value).isprintable()
