"""Sampling locations against what the deformable convolution reads."""

import json

import numpy as np
import pytest
from testing import enliven, random_image, run_python

from kerasrestore import DANet, PANet
from kerasrestore.keras_internals import all_layers
from kerasrestore.layers import DeformableConv2D
from kerasrestore.ops import deform_conv2d
from kerasrestore.visualize import sampling_locations
from kerasrestore.visualize.recorded_calls import recorded_calls

POSITIONS = [(20, 24), (0, 0), (31, 47)]


def small_danet(**options):
    model = DANet(widths=(8, 16), blocks=(1, 1), offset_width=4, **options)
    enliven(model)
    # Moderate offsets, so that most locations are inside the image.
    for layer in all_layers(model):
        if isinstance(layer, DeformableConv2D):
            kernel = layer.offset_conv.kernel
            kernel.assign(kernel * 0.3)
    return model


@pytest.mark.parametrize("sigma", [None, 20.0])
def test_locations_are_those_the_convolution_reads(sigma):
    model = small_danet(sigma_input=sigma is not None)
    image = random_image((32, 48, 3))
    found = sampling_locations(model, image, POSITIONS, sigma)
    _, layers = recorded_calls(model, image, DeformableConv2D, sigma)
    assert [one.layer for one in found] == [name for name, *_ in layers]
    assert [one.layer for one in found] == [
        "encoder0_block0",
        "encoder0_last",
        "middle_block0",
        "middle_last",
        "decoder0_block0",
        "decoder0_last",
    ]
    inside = 0
    for one, (_, layer, calls) in zip(found, layers, strict=True):
        args, kwargs = calls[0]
        second = args[1] if len(args) > 1 else kwargs.get("offset_features")
        offset, mask = layer.predict_offsets(
            args[0] if second is None else second
        )
        height, width = offset.shape[1:3]
        assert one.stride == 32 / height == (2 if "middle" in one.layer else 1)
        # A map whose values are its coordinates, read through one tap each:
        # what comes out is where the tap has been.
        ramp = np.stack(np.mgrid[:height, :width], -1)[None].astype("float32")
        for tap in range(9):
            kernel = np.zeros((3, 3, 2, 2), "float32")
            kernel[tap // 3, tap % 3] = np.eye(2)
            read = np.asarray(deform_conv2d(ramp, offset, None, kernel))[0]
            for index, (row, column) in enumerate(POSITIONS):
                at = int(row // one.stride), int(column // one.stride)
                place = np.array(
                    [one.rows[index, tap], one.columns[index, tap]]
                )
                place = (place + 0.5) / one.stride - 0.5
                if np.all(place >= 0) and np.all(
                    place <= (height - 1, width - 1)
                ):
                    inside += 1
                    np.testing.assert_allclose(read[at], place, atol=1e-4)
                assert one.masks[index, tap] == pytest.approx(
                    float(mask[0, at[0], at[1], tap])
                )
        moved = np.abs(one.rows - one.regular[0]).max()
        assert moved > 0.1
    assert inside > 60


def test_untrained_taps_are_a_square():
    model = DANet(widths=(8, 16), blocks=(0, 1), offset_width=4)
    image = random_image((16, 24, 3))
    fine, coarse = sampling_locations(model, image, [(5, 9)])[:2]
    assert fine.rows[0].tolist() == [4, 4, 4, 5, 5, 5, 6, 6, 6]
    assert fine.columns[0].tolist() == [8, 9, 10] * 3
    # Pixel (2, 4) of the half-size map covers the pixels 4..5 and 8..9.
    assert coarse.rows[0, ::3].tolist() == [2.5, 4.5, 6.5]
    assert coarse.columns[0, :3].tolist() == [6.5, 8.5, 10.5]
    np.testing.assert_array_equal(coarse.masks, 0.5)
    np.testing.assert_array_equal(coarse.rows, coarse.regular[0])


def test_both_backends_agree(tmp_path):
    model, image = small_danet(), random_image((16, 24, 3))
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "image.npy", image)
    found = run_python(
        "import json, sys\n"
        "import keras, kerasrestore\n"
        "import numpy as np\n"
        "from kerasrestore.visualize import sampling_locations\n"
        "assert keras.backend.backend() == 'jax'\n"
        "model = keras.saving.load_model(sys.argv[1] + '/model.keras')\n"
        "image = np.load(sys.argv[1] + '/image.npy')\n"
        "found = sampling_locations(model, image, [(9, 4), (0, 23)])\n"
        "print(json.dumps([[x.rows.tolist(), x.columns.tolist(),\n"
        "                   x.masks.tolist()] for x in found]))\n",
        tmp_path,
        KERAS_BACKEND="jax",
    )
    ours = sampling_locations(model, image, [(9, 4), (0, 23)])
    theirs = json.loads(found.splitlines()[-1])
    assert len(ours) == len(theirs) == 6
    for one, arrays in zip(ours, theirs, strict=True):
        for mine, other in zip(
            (one.rows, one.columns, one.masks), arrays, strict=True
        ):
            np.testing.assert_allclose(mine, other, atol=1e-4)


def test_what_does_not_fit():
    image = random_image((16, 24, 3))
    model = DANet(widths=(8, 16), blocks=(0, 1), offset_width=4)
    with pytest.raises(ValueError, match="no DeformableConv2D"):
        sampling_locations(PANet(num_blocks=2, features=8), image, [(0, 0)])
    with pytest.raises(ValueError, match="position is"):
        sampling_locations(model, image, [(0, 24)])
    with pytest.raises(ValueError, match="multiples of"):
        sampling_locations(model, image[:15], [(0, 0)])
    noisy = DANet(
        widths=(8, 16), blocks=(0, 1), offset_width=4, sigma_input=True
    )
    with pytest.raises(ValueError, match="pass sigma"):
        sampling_locations(noisy, image, [(0, 0)])
