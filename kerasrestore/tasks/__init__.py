"""How low-quality images are made and scored, one class per task.

All tasks keep one contract, that of `Task`:

- `load_clean(path, channels)` reads ground truth as the task's tables take
  it: colour or gray, gray by the task's own rule, cropped where the scale
  asks for it.
- `degrade_benchmark(clean, index, seed=0)` makes the input of benchmark image
  number `index`, the same on every machine.
- `degrade(patches, rng)` makes training inputs on the processor and
  `degrade_tensors(patches, seed)` on an accelerator, where tensor operations
  can do it; both also give the strength of each patch.
- `training_pair` and `benchmark_pair` give with it what is to be restored,
  which is not the clean image where the degradation changes it for good.
- `score(restored, clean)` gives PSNR and SSIM by the protocol of the papers'
  tables, and `protocol(channels)` names it.
- `setting` is the strength by which the tables name a column, `scale` the
  factor between the sides of input and output, `block` and `halo` say how a
  crop has to be cut so that it is degraded like its place in the whole image.
- `get_config()` gives the arguments that build the task again, and
  `serialize_task` a record from which `deserialize_task` does.
- `from_setting(text)` builds it from what a command line says, `for_model` as
  a model is measured, `calibration_tasks` as it is calibrated for int8.

A task that is made known by `register_task` can be trained for with a recipe,
validated, evaluated and exported like those of the package.

Nothing here needs Keras but `degrade_tensors`.
"""

from kerasrestore.tasks.camera import CameraNoise
from kerasrestore.tasks.demosaic import Demosaic
from kerasrestore.tasks.denoise import Denoise
from kerasrestore.tasks.jpeg import Jpeg
from kerasrestore.tasks.real_pairs import RealPairs
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

# Those of the published tables come before others of the same name.
for _task in (Denoise, Demosaic, Jpeg, SuperResolution, CameraNoise, RealPairs):
    register_task(_task)

__all__ = [
    "DEGRADATIONS",
    "TASKS",
    "CameraNoise",
    "Demosaic",
    "Denoise",
    "Jpeg",
    "RealPairs",
    "SuperResolution",
    "Task",
    "deserialize_task",
    "get_task",
    "register_task",
    "serialize_task",
    "unregister_task",
]
