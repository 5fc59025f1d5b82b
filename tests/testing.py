"""What many tests share: small models, images, and whole checks of a model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
# Small networks are compiled far longer than they run: XLA need not try hard.
QUICK_XLA = (
    "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true"
)
ODD_SIZES = ((1, 1), (31, 47), (32, 40), (37, 65))


def random_image(shape, dtype="float32", seed=0):
    """Pixels of an image type, floats in [0, 1]."""
    rng = np.random.default_rng(seed)
    if np.issubdtype(np.dtype(dtype), np.floating):
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def smooth_image(height, width, channels=3, seed=0):
    """uint8 image with edges and gradients, which a denoiser can tell from
    noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(float)
    image = np.zeros((height, width, channels))
    for _ in range(6):
        a, b, c = rng.normal(size=3)
        side = (a * x + b * y + c * 20) > (a * width + b * height) / 2
        image += side[..., None] * rng.uniform(-60, 60, channels)
    image += 40 * np.sin(x / 17 + y / 29)[..., None] + 128
    return image.clip(0, 255).astype(np.uint8)


def image_folder(path, count=3, size=(48, 40), seed=0):
    """A folder of PNG files."""
    path.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        image = smooth_image(*size, seed=seed + index)
        Image.fromarray(image).save(path / f"image{index}.png")
    return path


def preset_folder(path):
    """A small preset named `small`."""
    from kerasrestore import DANetMobile
    from kerasrestore.tasks import Denoise

    preset = enliven(DANetMobile(widths=(8, 16))).save_preset(
        path / "small",
        task=Denoise(),
        description="For tests.",
        training_data="none",
        license="Apache-2.0",
        tile=96,
    )
    return preset.path


def enliven(model, seed=0):
    """Gives every weight a size that makes the network change its input, as
    the small start of the last layers hides mistakes."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        shape = tuple(variable.shape)
        fan_in = max(1, int(np.prod(shape[:-1])))
        variable.assign(rng.normal(0, fan_in**-0.5, shape).astype("float32"))
    return model


def run_python(code, *args, **environment):
    """Runs Python code in a fresh interpreter and gives its output."""
    if environment.get("KERAS_BACKEND") == "jax":
        own = environment.get("XLA_FLAGS", "")
        environment["XLA_FLAGS"] = f"{QUICK_XLA} {own}"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def run_model_test(build, path):
    """Config, files, sizes, batches and mixed precision of a model class.

    Args:
        build: function that makes a small model, taking the constructor's
            keyword arguments.
        path: folder for files.
    """
    import keras

    model = enliven(build())
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    assert again.get_config() == model.get_config()
    assert again.count_params() == model.count_params()

    image = random_image((2, 48, 56, model.channels))
    inputs = image
    if model.sigma_input:
        inputs = {"image": image, "sigma": np.full((2, 1), 20, "float32")}
    wanted = np.asarray(model(inputs))
    model.save(path / "model.keras")
    loaded = keras.saving.load_model(path / "model.keras")
    assert type(loaded) is type(model)
    np.testing.assert_allclose(np.asarray(loaded(inputs)), wanted, atol=1e-6)
    one = (
        {k: v[:1] for k, v in inputs.items()}
        if model.sigma_input
        else image[:1]
    )
    np.testing.assert_allclose(np.asarray(model(one)), wanted[:1], atol=1e-4)

    options = {"sigma": 20.0} if model.sigma_input else {}

    def photo(*shape):
        image = random_image((*shape, model.channels))
        if model.task != "demosaic":
            return image
        from kerasrestore.tasks import Demosaic

        return Demosaic().degrade(image, None)[0]

    for height, width in ODD_SIZES:
        odd = photo(height, width)
        restored = model.restore(odd, **options)
        assert restored.shape == odd.shape
        assert restored.dtype == odd.dtype
        assert np.isfinite(restored).all()
    batch = photo(3, 31, 37)
    together = model.restore(batch, **options)
    for one, restored in zip(batch, together, strict=True):
        np.testing.assert_allclose(
            model.restore(one, **options), restored, atol=1e-6
        )

    mixed = build(dtype="mixed_bfloat16")
    assert mixed.dtype_policy.name == "mixed_bfloat16"
    assert {v.dtype for v in mixed.trainable_variables} == {"float32"}
    assert np.asarray(mixed(inputs)).dtype == np.float32


def run_export_test(model, path, tile):
    """Conversion to TFLite: static, small-ranked, built in, and right."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.litert.sidecar import read_sidecar

    sidecar = export_tflite(model, path, tile=tile)
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(
        [path.name, path.with_suffix(".json").name]
    )
    assert read_sidecar(path) == json.loads(json.dumps(sidecar))
    # A resolver that knows the built-in operations alone.
    interpreter = Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    interpreter.allocate_tensors()
    for tensor in interpreter.get_tensor_details():
        assert -1 not in tensor["shape_signature"], tensor["name"]
        assert len(tensor["shape"]) <= 4, tensor["name"]
    exported = LiteRTRestorer(path, trial=False)
    options = {"sigma": 20.0} if model.sigma_input else {}
    for height, width in ((1, 1), (31, 47), (90, 70)):
        image = random_image((height, width, model.channels)) * 2 - 0.5
        np.testing.assert_allclose(
            exported.restore(image, **options),
            model.restore(image, **options),
            atol=1e-4,
        )
    return sidecar


def run_preset_test(name, margins):
    """Checksums, agreement of both runtimes, and a floor for the quality.

    Args:
        name: name of the preset.
        margins: decibels that have to be gained over the degraded input, for
            super-resolution over bicubic enlarging, by the name of the
            setting.
    """
    from kerasrestore.export.save_preset import preset_task
    from kerasrestore.imaging.resizing import resized
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.models import Restorer, get_preset

    preset = get_preset(name)
    for role in preset.files:
        preset.checked_file(role)
    exported = LiteRTRestorer.from_preset(name)
    model = Restorer.from_preset(name)
    tasks = {
        task.setting_name: task
        for task in preset_task(preset).validation_tasks()
    }
    for setting, margin in margins.items():
        task = tasks[setting]
        for seed in range(2):
            clean = smooth_image(96, 120, preset.channels, seed)
            noisy, target = task.benchmark_pair(clean, seed)
            options = {}
            if preset.sigma_input:
                options["sigma"] = task.strength(noisy, target)
            if preset.task == "demosaic":
                options["pattern"] = task.pattern
            restored = exported.restore(noisy, **options)
            # Attention to all of a tile depends on the tile.
            np.testing.assert_allclose(
                restored,
                model.restore(noisy, tile=exported.fixed_tile, **options),
                atol=1 / 255,
            )
            plain = noisy
            if preset.scale > 1:
                plain = resized(noisy, *target.shape[:2])
            before, after = (
                task.score(image, target)["psnr"] for image in (plain, restored)
            )
            assert after - before > margin, (setting, seed, before, after)
