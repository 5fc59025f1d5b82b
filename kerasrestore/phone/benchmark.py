"""Run time of `.tflite` files, interleaved with a reference convolution."""

import math
import statistics
import time
from dataclasses import dataclass, field

import numpy as np

from kerasrestore.phone.probe import OPEN, fill, load

# Consecutive timed runs, after one warm-up run, before the next file's turn.
ROW = 4
YARDSTICK = "yardstick"
YARDSTICK_SIDE, YARDSTICK_CHANNELS = 128, 64


@dataclass
class Timing:
    """Run times of one file with one number of threads.

    Attributes:
        file: path as given, `"yardstick"` for the yardstick.
        threads: threads of the interpreter.
        load_s: seconds of each load: interpreter, delegate, memory.
        warm_up_s: seconds of the first run after each load.
        run_s: seconds of the other runs.
    """

    file: str
    threads: int
    load_s: list = field(default_factory=list)
    warm_up_s: list = field(default_factory=list)
    run_s: list = field(default_factory=list)

    def summary(self):
        """Statistics as a dictionary of numbers."""
        return {
            "load_s": statistics.median(self.load_s),
            "warm_up_s": statistics.median(self.warm_up_s),
            **run_statistics(self.run_s),
        }


def run_statistics(seconds):
    """Statistics of run times.

    Args:
        seconds: run times.

    Returns:
        Dictionary: `runs`, `median_s`, `p90_s`, which nine of ten runs do
        not exceed, `mean_s`, `std_s`, `min_s`, `max_s`.

    Example:
    >>> run_statistics([1.0, 2.0, 6.0])["median_s"]
    2.0
    """
    ordered = sorted(seconds)
    return {
        "runs": len(ordered),
        "median_s": statistics.median(ordered),
        "p90_s": ordered[math.ceil(0.9 * len(ordered)) - 1],
        "mean_s": statistics.fmean(ordered),
        "std_s": statistics.pstdev(ordered),
        "min_s": ordered[0],
        "max_s": ordered[-1],
    }


def measure_latency(
    files, threads=(1, 2, 4), runs=20, tiles=None, progress=None
):
    """Times files in turns, so that load on the machine affects all alike.

    In each turn, one file is loaded with one number of threads, run once to
    warm up and timed at most four times. Every other round runs in reverse
    order. The yardstick, a float32 3x3 convolution from 64 to 64 channels on
    128x128 pixels, is timed among them: its times show how busy the machine
    was, and times relative to it are comparable between machines. Only one
    interpreter is alive at a time.

    Args:
        files: paths of `.tflite` files.
        threads: numbers of threads.
        runs: timed runs of each file with each number of threads.
        tiles: dictionary of `(height, width)` by path, for files with a
            dynamic input size; 256x256 for files that are not in it.
        progress: called as `progress(done, total)` after each turn.

    Returns:
        List of `Timing`, file by file, each in the order of `threads`, those
        of the yardstick last.

    Raises:
        ValueError: if a number is not positive.

    Example:
    >>> timings = measure_latency([], threads=(1,), runs=2)
    >>> [(timing.file, len(timing.run_s)) for timing in timings]
    [('yardstick', 2)]
    """
    check_counts(threads, runs)
    yardstick = convolution(YARDSTICK_SIDE, YARDSTICK_CHANNELS)
    contents = {str(file): file for file in files} | {YARDSTICK: yardstick}
    timings = [Timing(file, number) for file in contents for number in threads]
    rounds = math.ceil(runs / ROW)
    for turn in range(rounds * len(timings)):
        lap, place = divmod(turn, len(timings))
        timing = timings[place if lap % 2 == 0 else -1 - place]
        row = min(ROW, runs - lap * ROW)
        tile = (tiles or {}).get(timing.file, OPEN)
        _run(timing, contents[timing.file], row, tile)
        if progress is not None:
            progress(turn + 1, rounds * len(timings))
    return timings


def check_counts(threads, runs):
    """Raises ValueError if a number of threads or runs is not positive."""
    for name, values in (("threads", threads), ("runs", [runs])):
        if not values or any(
            not isinstance(value, int) or value < 1 for value in values
        ):
            raise ValueError(
                f"{name} must be integers of at least 1, got "
                f"{', '.join(map(str, values)) or 'none'}."
            )


def convolution(side, channels):
    """A `.tflite` of one float32 3x3 convolution, as bytes."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(channels, 3, 3, channels)).astype("<f4")
    bias = np.zeros(channels, "<f4")
    image = [1, side, side, channels]

    def tensor(name, shape, buffer):
        return schema.TensorT(
            name=name, shape=shape, type=schema.TensorType.FLOAT32,
            buffer=buffer, hasRank=True,
        )  # fmt: skip

    conv = schema.BuiltinOperator.CONV_2D
    model = schema.ModelT(
        version=3,
        operatorCodes=[
            schema.OperatorCodeT(
                deprecatedBuiltinCode=conv, version=1, builtinCode=conv
            )
        ],
        subgraphs=[
            schema.SubGraphT(
                tensors=[
                    tensor("image", image, 0),
                    tensor("kernel", kernel.shape, 1),
                    tensor("bias", bias.shape, 2),
                    tensor("output", image, 0),
                ],
                inputs=[0],
                outputs=[3],
                operators=[
                    schema.OperatorT(
                        inputs=[0, 1, 2],
                        outputs=[3],
                        builtinOptionsType=schema.BuiltinOptions.Conv2DOptions,
                        builtinOptions=schema.Conv2DOptionsT(
                            padding=schema.Padding.SAME, strideW=1, strideH=1
                        ),
                    )
                ],
                name="main",
            )
        ],
        buffers=[
            schema.BufferT(),
            *[
                schema.BufferT(data=np.frombuffer(x.tobytes(), np.uint8))
                for x in (kernel, bias)
            ],
        ],
    )
    builder = flatbuffers.Builder(kernel.nbytes + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _run(timing, content, row, tile):
    begun = time.perf_counter()
    interpreter = load(content, timing.threads, tile)
    timing.load_s.append(time.perf_counter() - begun)
    fill(interpreter)
    for place in range(row + 1):
        begun = time.perf_counter()
        interpreter.invoke()
        seconds = time.perf_counter() - begun
        (timing.run_s if place else timing.warm_up_s).append(seconds)
