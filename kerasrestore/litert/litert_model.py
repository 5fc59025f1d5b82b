"""One `.tflite` in LiteRT's interpreter, checked against its sidecar."""

import math
import os
import threading
import weakref
from contextlib import contextmanager

import numpy as np

from kerasrestore.inference.memory import process_bytes

# Quantization scale of bytes, as in image files.
BYTE_SCALE = 1 / 255


_models = weakref.WeakSet()
# Interpreters inherited from the parent process. Their threads do not exist
# after a fork, and freeing one would wait for them.
_inherited = []


def _after_fork():
    for model in _models:
        _inherited.append((model._interpreter, model._run))
        model._interpreter = model._run = None
        model.ran = False
        model._lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)


class LiteRTModel:
    """Runs tiles through an interpreter.

    Any number of threads may share a model: an interpreter has one set of
    tensors, so calls wait for each other. It can be pickled and used in a
    forked process, where it starts its own interpreter.

    Args:
        path: name of the model in messages.
        content: the `.tflite` as bytes.
        sidecar: its sidecar, checked.
        tile: `(height, width)` of its input.
        threads: threads of the interpreter.

    Raises:
        ValueError: if LiteRT rejects the model, or its signature, shapes,
            types or the scale of its bytes differ from the sidecar.
    """

    def __init__(self, path, content, sidecar, tile, threads):
        self.path = path
        self.sidecar = sidecar
        self.tile = tile
        self._content = content
        self._threads = threads
        self._lock = threading.Lock()
        self._start()
        _models.add(self)

    def __reduce__(self):
        return LiteRTModel, (
            self.path, self._content, self.sidecar, self.tile, self._threads
        )  # fmt: skip

    def _start(self):
        from ai_edge_litert.interpreter import Interpreter

        self.ran = False
        before = process_bytes()
        with self._one_line_errors():
            interpreter = Interpreter(
                model_content=self._content, num_threads=self._threads
            )
            inputs, outputs = _details(interpreter)
        self._check_signature(inputs, outputs)
        self._check_bytes({**inputs, **outputs})
        with self._one_line_errors():
            # Dynamic models are resized to the input of each call.
            if not self.sidecar.get("dynamic"):
                interpreter.allocate_tensors()
            self._run = interpreter.get_signature_runner()
        # The runner only holds a weak reference to the interpreter.
        self._interpreter = interpreter
        self._taken = max(0, process_bytes() - before)

    def remaining_bytes(self, total):
        """Bytes that the first run will take and then keep.

        Args:
            total: bytes of the interpreter, which takes some of them when it
                is created and the others, the tensors of its input and output
                among them, on its first run.
        """
        if self._run is None:
            return total
        pixels = math.prod(self.tile) * self.sidecar["channels"]
        ends = 4 * pixels * (1 + self.sidecar["scale"] ** 2)
        return max(ends, total - self._taken)

    def run(self, image, sigma):
        """Runs one tile.

        Args:
            image: float32 `(height, width, channels)`, clean images in
                [0, 1].
            sigma: noise level, 0..255 scale; ignored by models without a
                sigma input.

        Returns:
            float32 `(height * scale, width * scale, channels)`.

        Raises:
            ValueError: if LiteRT fails, or the output has another shape or
                values that are not finite.
        """
        io = self.sidecar["io"]
        image = np.ascontiguousarray(image[None], np.float32)
        if io["image"] == "uint8":
            # Round half to even in float32, as every runtime does.
            image = np.rint(np.clip(image, 0, 1) * np.float32(255))
            image = image.astype(np.uint8)
        inputs = {"image": image}
        if self.sidecar["sigma_input"]:
            inputs["sigma"] = np.full(1, sigma, np.float32)
        with self._lock, self._one_line_errors():
            if self._run is None:
                self._start()
            restored = self._run(**inputs)["restored"]
            self.ran = True
        wanted = self._output_shape(self.tile)
        if restored.shape != wanted:
            raise self._mismatch(f"returns {restored.shape}", str(wanted))
        if io["restored"] == "uint8":
            return restored[0] / np.float32(255)
        if not np.isfinite(restored).all():
            raise ValueError(
                f"{self.path} returns values that are not finite numbers; "
                "export it again."
            )
        return restored[0]

    def _output_shape(self, tile):
        height, width = (side * self.sidecar["scale"] for side in tile)
        return (1, height, width, self.sidecar["channels"])

    def _check_signature(self, inputs, outputs):
        sidecar = self.sidecar
        # LiteRT marks dynamic dimensions with -1.
        dynamic = sidecar.get("dynamic", False)
        tile = (-1, -1) if dynamic else self.tile
        wanted = {"image": (1, *tile, sidecar["channels"])}
        if sidecar["sigma_input"]:
            wanted["sigma"] = (1,)
        found = {
            key: _shape(detail, "shape_signature")
            for key, detail in inputs.items()
        }
        if found != wanted:
            raise self._mismatch(f"takes {found}", str(wanted))
        if set(outputs) != {"restored"}:
            raise self._mismatch(f"returns {sorted(outputs)}", "'restored'")
        # The output shape of a dynamic model is only known after a run.
        shape = _shape(outputs["restored"], "shape")
        if not dynamic and shape != self._output_shape(tile):
            raise self._mismatch(
                f"returns {shape}", str(self._output_shape(tile))
            )

    def _check_bytes(self, details):
        for key, detail in details.items():
            dtype = np.dtype(detail["dtype"]).name
            declared = self.sidecar["io"][key]
            if dtype != declared:
                raise self._mismatch(f"has {key!r} as {dtype}", declared)
            scale, zero = detail["quantization"]
            if dtype == "uint8" and not (
                abs(scale - BYTE_SCALE) < 1e-6 and zero == 0
            ):
                raise ValueError(
                    f"{self.path} has bytes in {key!r} with a scale of "
                    f"{scale:g} and a zero point of {zero} instead of 1/255 "
                    "and 0, as in image files; export it again."
                )

    def _mismatch(self, found, declared):
        return ValueError(
            f"{self.path} {found}, but its sidecar declares {declared}; export "
            "it again."
        )

    @contextmanager
    def _one_line_errors(self):
        try:
            yield
        except (ValueError, RuntimeError) as error:
            # LiteRT's messages have many lines and may quote the model.
            reason = " ".join(str(error).split())[:200] or "no reason given"
            raise ValueError(
                f"{self.path} is not a model that LiteRT can run ({reason}); "
                "export it again."
            ) from error


def _details(interpreter):
    """Inputs and outputs of the one signature.

    In a function, so that the runner is freed: while one is held, tensors
    cannot be allocated.
    """
    signature = interpreter.get_signature_runner()
    return signature.get_input_details(), signature.get_output_details()


def _shape(detail, key):
    return tuple(int(side) for side in detail[key])
