import pytest
from testing import ROOT, run_python
from training.loop.recomputation import compare
from training.small_training import small_model, train

from kerasrestore.models import DANet
from kerasrestore.models.recomputed_block import RecomputedBlock, recomputed


def test_recomputed_blocks_train_the_same(folder, tmp_path):
    compare(folder, tmp_path)


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
folder, out, tests = sys.argv[1:]
sys.path.insert(0, tests)
from training.loop.recomputation import compare
compare(folder, out)
"""


def test_the_same_with_jax(folder, tmp_path):
    run_python(JAX, folder, tmp_path, ROOT / "tests", KERAS_BACKEND="jax")


def test_only_outer_blocks_and_only_for_a_time():
    model = DANet(widths=(8, 8), blocks=(1, 0), offset_width=4)
    names = [variable.path for variable in model.variables]
    with pytest.raises(KeyError), recomputed(model):
        assert model.get_layer("encoder0_last").recompute
        assert not model.get_layer("encoder0_last").block.recompute
        raise KeyError
    blocks = [x for x in model.layers if isinstance(x, RecomputedBlock)]
    assert len(blocks) == 5 and not any(block.recompute for block in blocks)
    assert [variable.path for variable in model.variables] == names


def test_a_model_without_blocks(folder, tmp_path):
    with pytest.raises(ValueError, match="DANetMobile has no blocks"):
        train(folder, tmp_path, small_model(), recompute=True)
