import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from testing import enliven, image_folder, random_image

from kerasrestore import DANetMobile, PANet
from kerasrestore.export.tfmot import bridge as tfmot_bridge
from kerasrestore.export.tfmot.bridge import compress, describe
from kerasrestore.tasks import Denoise

FEW = {
    "steps": 6,
    "save_every": 3,
    "patch_size": 16,
    "batch_size": 2,
}

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="tfmot works on TensorFlow alone",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 2, (40, 48))


def kernels(model):
    return [
        np.asarray(layer.kernel)
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]


def test_pruned(folder, tmp_path):
    model = enliven(DANetMobile(widths=(8, 16)))
    before = kernels(model)
    pruned = compress(
        model,
        tmp_path,
        folder,
        Denoise(25),
        method="prune",
        sparsity=0.75,
        **FEW,
    )
    for old, new in zip(before, kernels(pruned), strict=True):
        assert abs(np.mean(new == 0) - 0.75) < 0.05
        assert not np.array_equal(old, new)
    # The model that was given stays as it was.
    for old, same in zip(before, kernels(model), strict=True):
        np.testing.assert_array_equal(old, same)
    again = DANetMobile(widths=(8, 16))
    again.load_weights(tmp_path / "model.weights.h5")
    image = random_image((20, 24, 3))
    np.testing.assert_array_equal(again.restore(image), pruned.restore(image))


def test_clustered_goes_on_where_it_was_cut(folder, tmp_path, monkeypatch):
    model = enliven(DANetMobile(widths=(8, 16), sigma_input=True))
    given = {"method": "cluster", "clusters": 5, **FEW}

    def cut(command, **options):
        """Ends the other process after its first checkpoint."""
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, **options
        ) as process:
            for line in process.stdout:
                if line.startswith("cluster 3/6"):
                    process.kill()
        return subprocess.CompletedProcess(command, process.returncode)

    with monkeypatch.context() as patch:
        patch.setattr(
            tfmot_bridge.subprocess,
            "run",
            lambda command, check, **options: cut(command, **options),
        )
        with pytest.raises(ValueError, match="tfmot failed"):
            compress(model, tmp_path, folder, Denoise(25), **given)
    assert (tmp_path / "checkpoints").is_dir()
    assert not (tmp_path / "result.npz").exists()
    clustered = compress(model, tmp_path, folder, Denoise(25), **given)
    for kernel in kernels(clustered):
        assert len(np.unique(kernel)) <= 5
    with pytest.raises(ValueError, match="other arguments"):
        compress(
            model, tmp_path, folder, Denoise(25), **{**given, "clusters": 4}
        )


def test_quantized(folder, tmp_path):
    model = enliven(DANetMobile(widths=(8, 16), name="small"))
    # tfmot's ranges begin at -6..6 and move slowly.
    model.set_weights([0.7 * weights for weights in model.get_weights()])
    exported = compress(
        model,
        tmp_path,
        folder,
        Denoise(25),
        method="quantize",
        tile=96,
        # So low a rate that only quantization changes pixels.
        learning_rate=1e-6,
        **FEW,
    )
    assert exported.path == tmp_path / "small.tflite"
    assert exported.sidecar["quantization"] == "int8"
    assert exported.sidecar["quantization_method"] == "quantization_aware"
    assert exported.sidecar["sigma_range"] == [25, 25]
    image = random_image((50, 60, 3))
    restored = exported.restore(image) - image
    wanted = model.restore(image) - image
    assert np.corrcoef(restored.ravel(), wanted.ravel())[0, 1] > 0.97
    assert not np.array_equal(restored, wanted)


def test_plan_is_plain():
    plan = describe(DANetMobile(widths=(8, 16), sigma_input=True))
    assert json.loads(json.dumps(plan)) == plan
    assert plan["inputs"] == {"sigma": [1], "image": [None, None, 3]}
    assert plan["output"] == "restored"


def test_other_networks_are_refused(folder, tmp_path):
    with pytest.raises(ValueError, match="plain convolution"):
        describe(PANet(num_blocks=2, features=8))
    mixed = DANetMobile(widths=(8, 16), dtype="mixed_bfloat16")
    with pytest.raises(ValueError, match="float32 networks"):
        describe(mixed)
    model = DANetMobile(widths=(8, 16))
    for wrong in ({"method": "distill"}, {"method": "prune", "sparsity": 1.0}):
        with pytest.raises(ValueError, match="got"):
            compress(model, tmp_path / "out", folder, Denoise(25), **wrong)
    assert not (tmp_path / "out").exists()


def test_missing_packages_are_named(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        tfmot_bridge.importlib.util,
        "find_spec",
        lambda name: None if name == "tf_keras" else object(),
    )
    with pytest.raises(ValueError, match=r"tf_keras: pip .*\[tfmot\]"):
        compress(
            DANetMobile(widths=(8, 16)),
            tmp_path,
            folder,
            Denoise(25),
            method="prune",
        )


def test_keras_3_is_not_touched():
    assert "tf_keras" not in sys.modules
