import numpy as np
import pytest

from kerasrestore.phone import benchmark
from kerasrestore.phone.benchmark import Timing, convolution, measure_latency
from kerasrestore.phone.probe import fill, load


def test_every_file_has_its_runs(tmp_path):
    files = [tmp_path / "a.tflite", tmp_path / "b.tflite"]
    for file in files:
        file.write_bytes(convolution(8, 4))
    ticks = []
    timings = measure_latency(
        files, threads=(1, 2), runs=6, progress=lambda *x: ticks.append(x)
    )
    assert [(timing.file, timing.threads) for timing in timings] == [
        (name, threads)
        for name in (*map(str, files), "yardstick")
        for threads in (1, 2)
    ]
    for timing in timings:
        assert len(timing.run_s) == 6
        assert len(timing.load_s) == len(timing.warm_up_s) == 2
        assert min(timing.run_s) > 0
    assert ticks == [(n, 12) for n in range(1, 13)]


def test_turns_go_back_and_forth(monkeypatch):
    turns = []
    monkeypatch.setattr(
        benchmark,
        "_run",
        lambda timing, _, row, tile: turns.append((timing.file, row, tile)),
    )
    measure_latency(["a", "b"], (1,), 9, {"a": (8, 4)})
    assert [name for name, *_ in turns] == [
        *("a", "b", "yardstick"),
        *("yardstick", "b", "a"),
        *("a", "b", "yardstick"),
    ]
    assert [row for _, row, _ in turns] == [4] * 6 + [1] * 3
    assert {name: tile for name, _, tile in turns} == {
        "a": (8, 4),
        "b": (256, 256),
        "yardstick": (256, 256),
    }


def test_summary():
    timing = Timing("a", 1, [3.0], [2.0], [float(n) for n in range(10, 0, -1)])
    found = timing.summary()
    assert found["median_s"] == found["mean_s"] == 5.5
    assert (found["min_s"], found["p90_s"], found["max_s"]) == (1, 9, 10)
    assert (found["runs"], found["load_s"], found["warm_up_s"]) == (10, 3, 2)
    assert Timing("a", 1, [1.0], [1.0], [4.0]).summary()["p90_s"] == 4


@pytest.mark.parametrize(
    "options", [{"threads": (0,)}, {"threads": ()}, {"runs": 0}]
)
def test_numbers_are_positive(options):
    with pytest.raises(ValueError, match="at least 1"):
        measure_latency([], **options)


def test_the_yardstick_is_a_convolution():
    interpreter = load(convolution(8, 5), 1)
    fill(interpreter)
    interpreter.invoke()
    image, kernel, _, output = (
        interpreter.get_tensor(index) for index in range(4)
    )
    around = np.pad(image[0], ((1, 1), (1, 1), (0, 0)))
    wanted = np.array(
        [
            [
                np.einsum("hwi,ohwi->o", around[y : y + 3, x : x + 3], kernel)
                for x in range(8)
            ]
            for y in range(8)
        ]
    )
    np.testing.assert_allclose(output[0], wanted, rtol=1e-4, atol=1e-5)
