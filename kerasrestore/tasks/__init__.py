"""Degradations and evaluation protocols, one class per restoration task.

All tasks follow one interface, that of `Task`:

- `load_clean(path, channels)` loads a ground-truth image by the protocol of
  the published tables: in colour, or in gray by the task's own conversion,
  cropped to a multiple of the scale.
- `degrade_benchmark(clean, index, seed=0)` degrades benchmark image number
  `index`, identically on every machine.
- `degrade(patches, rng)` degrades training patches on the CPU,
  `degrade_tensors(patches, seed)` on an accelerator if the degradation can be
  written as tensor operations; both also return the strength of each patch.
  The latter is `pair_tensors` applied to what `draw_tensors` draws.
- `training_pair` and `benchmark_pair` also return the restoration target,
  which differs from the clean image where the degradation includes changes
  that a model should not undo.
- `score(restored, clean)` returns PSNR and SSIM by the protocol of the
  published tables, and `protocol(channels)` returns its name.
- `setting` is the degradation strength as listed in the tables, `scale` the
  upscaling factor; `block` and `halo` say how to cut a crop so that it is
  degraded as it would be within the whole image.
- `get_config()` returns the constructor arguments; `serialize_task` converts
  a task to a record, and `deserialize_task` recreates the task from it.
- `from_setting(text)` builds a task from a command-line setting, `for_model`
  the task on which a model is evaluated, and `calibration_tasks` those that
  degrade the images for int8 calibration.

A task registered with `register_task` supports recipes, validation, evaluation
and export like the built-in tasks.

Only these three methods require Keras.
"""

from kerasrestore.tasks.camera import CameraNoise, CameraSuperResolution
from kerasrestore.tasks.demosaic import Demosaic
from kerasrestore.tasks.denoise import Denoise
from kerasrestore.tasks.jpeg import Jpeg
from kerasrestore.tasks.real_pairs import RealPairs
from kerasrestore.tasks.recompressed_jpeg import RecompressedJpeg
from kerasrestore.tasks.registry import (
    DEGRADATIONS,
    TASKS,
    deserialize_task,
    get_task,
    register_task,
    serialize_task,
    unregister_task,
)
from kerasrestore.tasks.super_resolution import SuperResolution
from kerasrestore.tasks.task import Task

# The first class of a name is its default: that of the published tables.
for _task in (
    Denoise,
    Demosaic,
    Jpeg,
    SuperResolution,
    CameraNoise,
    RecompressedJpeg,
    CameraSuperResolution,
    RealPairs,
):
    register_task(_task)

__all__ = [
    "DEGRADATIONS",
    "TASKS",
    "CameraNoise",
    "CameraSuperResolution",
    "Demosaic",
    "Denoise",
    "Jpeg",
    "RealPairs",
    "RecompressedJpeg",
    "SuperResolution",
    "Task",
    "deserialize_task",
    "get_task",
    "register_task",
    "serialize_task",
    "unregister_task",
]
