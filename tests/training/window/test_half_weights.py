import numpy as np
from testing import enliven

from kerasrestore import NLRN, DANetMobile
from kerasrestore.training.window.half_weights import write_half


def halved(model, tmp_path):
    model.save_weights(tmp_path / "a.weights.h5")
    write_half(tmp_path / "a.weights.h5", tmp_path / "b.weights.h5")
    return tmp_path / "b.weights.h5"


def test_keras_loads_them(tmp_path):
    model = enliven(DANetMobile(widths=(16, 32)))
    file = halved(model, tmp_path)
    assert file.stat().st_size < (tmp_path / "a.weights.h5").stat().st_size
    other = DANetMobile(widths=(16, 32))
    other.load_weights(file)
    for one, two in zip(model.weights, other.weights, strict=True):
        assert two.dtype == "float32"
        wanted = np.asarray(one).astype("float16").astype("float32")
        np.testing.assert_array_equal(np.asarray(two), wanted)


def test_what_float16_cannot_hold_is_kept(tmp_path):
    size = {"num_steps": 1, "filters": 8, "key_filters": 4}
    model, other = NLRN(**size), NLRN(**size)
    for variable in model.weights:
        if variable.path.endswith("moving_variance"):
            variable.assign(np.full(variable.shape, 70000.0))
    other.load_weights(halved(model, tmp_path))
    large = [v for v in other.weights if v.path.endswith("moving_variance")]
    assert large
    for variable in large:
        np.testing.assert_array_equal(np.asarray(variable), 70000.0)
