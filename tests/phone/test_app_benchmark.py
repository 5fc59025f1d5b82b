import json

import pytest
from pytest import approx
from tflite_files import TILE, blur

from kerasrestore.phone.app_benchmark import read_app_benchmark
from kerasrestore.phone.report import phone_report

# As BenchmarkResult.toJson writes it, with the facts of BenchmarkRunner.
BENCHMARK = {
    "device": "Maker Phone 9",
    "android": "16",
    "sdk": "36",
    "abi": "arm64-v8a",
    "model": "good",
    "sha256": "0" * 64,
    "accelerator": "CPU",
    "threads": "4",
    "app": "0.1.0",
    "pixels": TILE**2,
    "warm_up": 5,
    "runs": 3,
    "median_ms": 20.0,
    "p10_ms": 12.0,
    "p90_ms": 36.0,
    "megapixels_per_second": 0.051,
    "runs_ms": [20.0, 10.0, 40.0],
}


def write(path, **changes):
    value = {**BENCHMARK, **changes}
    kept = {key: item for key, item in value.items() if item is not None}
    path.write_text(json.dumps(kept))
    return path


def test_statistics_come_from_the_runs(tmp_path):
    found = read_app_benchmark(write(tmp_path / "a.json", median_ms=1.0))
    assert found["source"] == "a.json" and found["device"] == "Maker Phone 9"
    assert found["threads"] == 4 and found["runs"] == 3
    assert found["median_s"] == approx(0.02) and found["p90_s"] == approx(0.04)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": None}, "no 'device'"),
        ({"device": "two\nlines"}, "'device' is"),
        ({"device": "x" * 5000}, "'device' is"),
        ({"device": "a | b"}, "'device' is"),
        ({"sha256": "none"}, "'sha256' is"),
        ({"accelerator": "TPU"}, "'accelerator' is"),
        ({"threads": 4}, "'threads' is"),
        ({"threads": "many"}, "'threads' is"),
        ({"pixels": 0}, "'pixels' is"),
        ({"runs_ms": []}, "'runs_ms' is"),
        ({"runs_ms": [-1.0]}, "'runs_ms"),
        ({"runs_ms": ["20"]}, "'runs_ms"),
        ({"runs_ms": [1.0] * 10_001}, "'runs_ms' is"),
        ({"runs_ms": [float("nan")]}, "NaN is not a number"),
        ({"runs_ms": [float("inf")]}, "Infinity is not a number"),
    ],
)
def test_other_content_is_rejected(tmp_path, changes, words):
    path = write(tmp_path / "a.json", **changes)
    with pytest.raises(ValueError, match=words) as error:
        read_app_benchmark(path)
    assert len(str(error.value)) < 400 and str(error.value).isprintable()


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "no JSON", "[" * 10**5, " " * (2**20 + 1)]
)
def test_other_files_are_rejected(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="benchmark screen"):
        read_app_benchmark(path)
    with pytest.raises(ValueError, match="No such file"):
        read_app_benchmark(tmp_path / "none.json")


def test_in_the_report(tmp_path):
    good = blur(tmp_path / "good.tflite")
    bad = blur(tmp_path / "bad.tflite", 0.03, quantization="int8")
    quick = {"threads": (1,), "runs": 1}
    with pytest.raises(ValueError, match=r"another file \(good\)"):
        phone_report([bad], phones=[write(tmp_path / "a.json")], **quick)
    sums = {
        name: json.loads((tmp_path / f"{name}.json").read_text())["sha256"]
        for name in ("good", "bad")
    }
    other = write(tmp_path / "b.json", sha256=sums["good"], pixels=7)
    with pytest.raises(ValueError, match="tiles of 7 pixels"):
        phone_report([good], phones=[other], **quick)
    phones = [
        write(tmp_path / "c.json", sha256=sums["good"]),
        write(tmp_path / "d.json", sha256=sums["bad"], runs_ms=[5.0]),
    ]
    report = phone_report([good, bad], phones=phones, **quick)
    (row,) = report.files[0]["phones"]
    assert row["s_per_megapixel"] == approx(0.02 * 1e6 / TILE**2)
    text = report.to_markdown()
    place = "Maker Phone 9, Android 16, CPU"
    assert f"| good | {place} |  | 4 | 20 | 40 |" in text
    line = next(x for x in text.splitlines() if f"| bad | {place}" in x)
    assert line.endswith("| - | 4 |")
    assert f"bad: 5 ms for {TILE}x{TILE} pixels, 4 times as fast" in text
    assert json.loads(report.to_json())["files"][1]["phones"][0]["runs"] == 1
