"""What a new process finds after `import kerasrestore`."""

import ast
import sys

import pytest
from testing import ROOT, run_python


def registered_classes():
    """Names of the package's classes that are decorated for saving."""
    names = set()
    for path in (ROOT / "kerasrestore").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                "register_keras_serializable" in ast.unparse(decorator)
                for decorator in node.decorator_list
            ):
                names.add(node.name)
    return names


def test_public_names_are_attributes():
    run_python(
        "import sys, kerasrestore\n"
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)\n"
        "for room in 'data evaluation metrics photos tasks'.split():\n"
        "    assert room in dir(kerasrestore), room\n"
        "    for name in getattr(kerasrestore, room).__all__:\n"
        "        if name not in ('PSNR', 'SSIM'):\n"
        "            getattr(getattr(kerasrestore, room), name)\n"
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)\n"
        "for name in dir(kerasrestore):\n"
        "    value = getattr(kerasrestore, name)\n"
        "    for part in getattr(value, '__all__', ()):\n"
        "        assert part in dir(value), part\n"
        "        getattr(value, part)\n"
        "assert kerasrestore.ops.pixel_shuffle\n"
        "assert kerasrestore.layers.HaarDWT2D\n"
    )


def test_an_unknown_name():
    import kerasrestore

    with pytest.raises(AttributeError, match=r"no attribute 'layer'"):
        kerasrestore.layer  # noqa: B018
    with pytest.raises(AttributeError, match=r"metrics' has no .*'psnr_cmyk'"):
        kerasrestore.metrics.psnr_cmyk  # noqa: B018


def test_keras_knows_all_registered_classes():
    found = run_python(
        "import keras, kerasrestore\nprint(*keras.saving.get_custom_objects())"
    )
    ours = {
        name.removeprefix("kerasrestore>")
        for name in found.split()
        if name.startswith("kerasrestore>")
    }
    assert ours == registered_classes()


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_saved_model_loads(tmp_path, backend):
    import keras
    import numpy as np
    from testing import enliven, random_image

    from kerasrestore import DANetMobile
    from kerasrestore.metrics import PSNR
    from kerasrestore.training import LogMeanSquaredError

    model = enliven(DANetMobile(widths=(8, 16)))
    model.compile(keras.optimizers.Adam(), LogMeanSquaredError(), [PSNR()])
    image = random_image((1, 16, 24, 3))
    np.save(tmp_path / "image.npy", image)
    model.save(tmp_path / "model.keras")
    run_python(
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "import keras, kerasrestore\n"
        "folder = Path(sys.argv[1])\n"
        "model = keras.models.load_model(folder / 'model.keras')\n"
        "restored = model(np.load(folder / 'image.npy'))\n"
        "np.save(folder / 'restored.npy', np.asarray(restored))\n",
        tmp_path,
        KERAS_BACKEND=backend,
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "restored.npy"), np.asarray(model(image)), atol=1e-4
    )


def test_importing_after_keras_loads_no_other_package():
    # The import time is `recipes/benchmarks/import_time.py`'s to measure;
    # what would make it long is another package, and that can be counted.
    found = run_python(
        "import keras, sys\n"
        "before = set(sys.modules)\n"
        "import kerasrestore\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    assert "kerasrestore" in found.split()
    assert set(found.split()) - sys.stdlib_module_names == {"kerasrestore"}
