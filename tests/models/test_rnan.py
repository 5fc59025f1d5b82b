import keras
import numpy as np
import pytest
from goldens import golden, released_state, tolerance
from testing import enliven, random_image, run_model_test, run_python

from kerasrestore import RNAN
from kerasrestore.ops.enlarge import enlarge_bicubic

SMALL = {"local_blocks": 1, "nonlocal_blocks": 1, "features": 4}


def build(**options):
    return RNAN(**{**SMALL, **options})


def released(**options):
    return RNAN(released=True, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"task": "denoise"},
        {"task": "demosaic", "released": True},
        {"task": "jpeg", "channels": 1, "released": True},
        {"mask": False, "nonlocal_blocks": 0},
    ],
)
def test_model(tmp_path, options):
    run_model_test(lambda **more: build(**options, **more), tmp_path)


@pytest.mark.parametrize("release", [False, True])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_super_resolution(tmp_path, scale, release):
    def make(**options):
        return build(
            task="super_resolution", scale=scale, released=release, **options
        )

    model = enliven(make())
    config = model.get_config()
    assert RNAN.from_config(config).get_config() == config
    for size in ((1, 1), (7, 10)):
        image = random_image((*size, 3))
        restored = model.restore(image)
        assert restored.shape == (size[0] * scale, size[1] * scale, 3)
        assert np.isfinite(restored).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again.restore(image), model.restore(image), atol=1e-6
    )
    mixed = make(dtype="mixed_bfloat16")
    assert np.asarray(mixed(random_image((1, 4, 6, 3)))).dtype == np.float32


# Measured from the released code; the paper's figures are below.
@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, 8_959_555),
        ({"task": "demosaic"}, 8_959_555),
        ({"channels": 1}, 8_957_249),
        ({"task": "jpeg", "channels": 1}, 8_957_249),
        ({"task": "super_resolution", "scale": 2}, 9_107_291),
        ({"task": "super_resolution", "scale": 3}, 9_291_931),
        ({"task": "super_resolution", "scale": 4}, 9_255_003),
        ({"local_blocks": 1, "nonlocal_blocks": 1}, 1_829_283),
        (
            {"local_blocks": 1, "nonlocal_blocks": 1, "channels": 1},
            1_826_977,
        ),
    ],
)
def test_parameters_of_the_released_code(options, parameters):
    model = released(**options)
    assert model.count_parameters() == parameters
    assert sum(
        np.prod(v.shape) for v in model.released_variables().values()
    ) == (parameters)


@pytest.mark.parametrize(
    ("options", "table"),
    [
        ({}, 7_409_024),
        ({"local_blocks": 1, "nonlocal_blocks": 1}, 1_494_400),
    ],
)
def test_parameters_of_table_7(options, table):
    model = RNAN(**options)
    kernels = {
        v.path.removeprefix(f"{model.name}/"): int(np.prod(v.shape))
        for v in model.trainable_variables
        if v.path.endswith("kernel")
    }
    # What the table leaves out: biases, and of the mask branch what changes
    # the resolution and ends it.
    left_out = ("down/kernel", "up/kernel", "mask_conv/kernel")
    counted = {
        path: count
        for path, count in kernels.items()
        if not path.endswith(left_out)
    }
    non_local = {path for path in counted if "/non_local/" in path}
    assert len(non_local) == 4 * model.nonlocal_blocks
    # It counts non-local blocks with 64 inner channels; the text has 32.
    assert {counted[path] for path in non_local} == {64 * 32}
    assert sum(counted.values()) + len(non_local) * 64 * 32 == table


def test_parameters_of_the_default():
    conv, point = 9 * 64 * 64 + 64, 64 * 64 + 64
    local = 20 * conv + conv + (36 * 64 * 64 + 64) + point
    non_local = 4 * 64 * 32 + 3 * 32 + 64
    ends = 9 * 3 * 64 + 64 + 9 * 64 * 3 + 3
    assert RNAN().count_parameters() == 10 * local + 2 * non_local + ends


@pytest.mark.parametrize("mask", [True, False])
def test_multiply_accumulates(mask):
    model = build(mask=mask, features=8, nonlocal_blocks=2)
    pixels, square = 12 * 20, 8 * 8
    block = 9 * 12 * square
    if mask:
        block += 9 * (4 * square + 4 * square / 4)
        block += (9 + 36) * square / 4 + square
    non_local = 4 * 8 * 4 + pixels * 2 * 4
    wanted = 3 * block + 2 * non_local + 2 * 9 * 3 * 8
    assert model.count_macs(12, 20) == wanted * pixels


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (
            "rnan_1lab_1nlab_gray",
            {"channels": 1, "local_blocks": 1, "nonlocal_blocks": 1},
        ),
        ("rnan_dn_rgb_full", {}),
        ("rnan_sr_x2", {"task": "super_resolution", "scale": 2}),
        (
            "rnan_sr_x3",
            {"task": "super_resolution", "scale": 3, "local_blocks": 1},
        ),
        (
            "rnan_sr_x4",
            {"task": "super_resolution", "scale": 4, "local_blocks": 1},
        ),
    ],
)
def test_released_network(name, options):
    arrays, info = golden(name)
    model = released(**options)
    model.load_released_state(released_state(name))
    given = np.asarray(model(arrays["input"]))
    far = np.abs(given - arrays["output"]).max()
    assert far < tolerance(info) < 0.1 * info["sens_softmax_last"]


def test_what_the_released_network_adds():
    """The paper's network with the released weights is another one, and the
    differences are those of the table."""
    names = {layer.name for layer in released(**SMALL).layers}
    paper = {layer.name for layer in build().layers}
    assert names - paper == {
        "nonlocal_low_conv", "local0_conv", "local_conv",
    }  # fmt: skip
    assert paper <= names
    for model, front, normalize in (
        (released(**SMALL), 1, "queries"),
        (build(), 2, "keys"),
    ):
        block = model.get_layer("nonlocal_low")
        assert (len(block.front), len(block.end)) == (front, 2)
        assert block.non_local_block.normalize == normalize
        assert not model.get_layer("local0").non_local


@pytest.mark.parametrize(
    ("nonlocal_blocks", "order"),
    [
        (0, ["local0", "local1"]),
        (1, ["nonlocal_low", "local0", "local1"]),
        (2, ["nonlocal_low", "local0", "local1", "nonlocal_high"]),
    ],
)
def test_where_the_non_local_blocks_sit(nonlocal_blocks, order):
    model = build(local_blocks=2, nonlocal_blocks=nonlocal_blocks)
    blocks = [
        layer.name
        for layer in model.layers
        if layer.name.startswith(("local", "nonlocal"))
    ]
    assert blocks == order


# Table 1: mask branch, local and non-local attention blocks.
@pytest.mark.parametrize(
    ("mask", "local", "non_local"),
    [
        (False, 7, 0),
        (True, 7, 0),
        (False, 5, 2),
        (True, 5, 2),
        (True, 1, 2),
        (True, 2, 2),
        (True, 5, 1),
        (True, 8, 2),
    ],
)
def test_cases_of_table_1(mask, local, non_local):
    model = RNAN(
        mask=mask, local_blocks=local, nonlocal_blocks=non_local, features=4
    )
    blocks = local + non_local
    convs = sum("/conv" in v.path for v in model.trainable_variables) / 2
    assert convs == blocks * (20 if mask else 12)
    image = random_image((1, 6, 8, 3))
    assert model(image).shape == image.shape


def test_the_branch_is_added_to_the_image():
    image = random_image((1, 6, 8, 3))
    for options in (
        {},
        {"released": True},
        {"task": "super_resolution", "scale": 3},
    ):
        model = enliven(build(**options))
        tail = model.get_layer("tail")
        tail.set_weights([0 * w for w in tail.get_weights()])
        wanted = image
        if model.scale == 3:
            wanted = enlarge_bicubic(image, 3)
        np.testing.assert_array_equal(model(image), wanted)
    # Nothing of the image itself, but the mean colour.
    model = enliven(build(task="super_resolution", scale=2, released=True))
    for layer in (model.get_layer("tail"), model.get_layer("add_mean")):
        layer.set_weights([0 * w for w in layer.get_weights()])
    model.get_layer("add_mean").bias.assign([1.0, 2.0, 3.0])
    given = np.asarray(model(image))
    np.testing.assert_array_equal(
        given, np.broadcast_to([1, 2, 3], given.shape)
    )


@pytest.mark.parametrize(
    "options",
    [
        {"local_blocks": 1},
        {"local_blocks": 2, "outer_blocks": 1, "mask_blocks": 0},
        {"local_blocks": 1, "mask": False},
        {"local_blocks": 1, "outer_blocks": 0, "trunk_blocks": 14},
        {"local_blocks": 1, "released": True},
        {"local_blocks": 0, "task": "super_resolution", "scale": 2},
        {"local_blocks": 0, "task": "super_resolution", "scale": 3},
        {"local_blocks": 0, "task": "super_resolution", "scale": 4},
    ],
)
def test_receptive_field_holds_and_is_tight(options):
    options = {"nonlocal_blocks": 0, "channels": 1, "features": 2, **options}
    model = enliven(RNAN(**options))
    # Signs that let nothing cancel and nothing be rectified away, and small
    # sums, as the sigmoid of a large one tells nothing.
    for variable in model.trainable_variables:
        value = np.abs(np.array(variable))
        taps = tuple(range(value.ndim - 1))
        variable.assign(
            value / value.sum(axis=taps).max() if taps else 0.01 * value
        )
    radius = model.receptive_field // 2
    middle = radius + 2
    image = np.zeros((1, 2 * middle, 2 * middle, 1), "float32")
    farthest = 0
    before = np.asarray(model(image), float)
    for row, column in ((middle, middle), (middle - 1, middle - 1)):
        changed = image.copy()
        # So much that it is still seen where the weights end.
        changed[0, row, column] += 1e20
        rows, columns = np.nonzero(
            (np.asarray(model(changed), float) != before)[0, ..., 0]
        )
        rows, columns = rows // model.scale, columns // model.scale
        farthest = max(
            farthest, np.abs(rows - row).max(), np.abs(columns - column).max()
        )
    assert farthest == radius


def test_non_local_networks_see_the_whole_image():
    assert build().receptive_field is None
    assert build().halo is None


def test_sizes_inside_and_value_range():
    assert build().size_multiple == 2
    assert build(mask=False).size_multiple == 1
    assert build().value_range == (0.0, 1.0)
    assert build(released=True).value_range == (0.0, 255.0)
    with pytest.raises(ValueError, match="multiples of 2, got 5x8"):
        build()(random_image((1, 5, 8, 3)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "fly"}, "got 'fly'"),
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"task": "demosaic", "channels": 1}, "channels must be 3 for"),
        ({"local_blocks": -1}, "local_blocks expects whole numbers"),
        ({"local_blocks": 1.5}, "local_blocks expects whole numbers"),
        ({"nonlocal_blocks": 3}, "nonlocal_blocks must be 2"),
        ({"features": 0}, "features expects whole numbers"),
        ({"trunk_blocks": -1}, "trunk_blocks expects whole numbers"),
        ({"scale": 2}, "scale must be 1 for RNAN"),
        ({"task": "super_resolution"}, "must be 2, 3 or 4 .*, got 1"),
        (
            {"task": "super_resolution", "scale": 8},
            "must be 2, 3 or 4 .*, got 8",
        ),
        ({"released": True, "mask": False}, "released code always"),
        ({"released": True, "outer_blocks": 3}, "released code always"),
        (
            {
                "released": True,
                "task": "super_resolution",
                "scale": 2,
                "channels": 1,
            },
            "needs channels=3",
        ),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)


def test_a_misspelt_argument_is_not_passed_over():
    with pytest.raises(TypeError, match="local_block"):
        build(local_block=3)


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            build()
    finally:
        keras.config.set_image_data_format("channels_last")


def test_the_papers_network_takes_no_released_state():
    with pytest.raises(ValueError, match="released=True"):
        build().load_released_state({})


WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
import keras, numpy as np, kerasrestore
model = kerasrestore.RNAN(local_blocks=1, nonlocal_blocks=2, features=4)
model.load_weights(sys.argv[1])
image = np.load(sys.argv[2])
assert keras.backend.backend() == "jax"
np.save(sys.argv[3], model.restore(image))
"""


def test_jax_gives_the_same_pixels_without_tensorflow(tmp_path):
    model = enliven(build(nonlocal_blocks=2))
    image = random_image((17, 22, 3))
    model.save_weights(tmp_path / "a.weights.h5")
    np.save(tmp_path / "image.npy", image)
    run_python(
        WITHOUT_TENSORFLOW,
        tmp_path / "a.weights.h5",
        tmp_path / "image.npy",
        tmp_path / "out.npy",
        KERAS_BACKEND="jax",
    )
    wanted = model.restore(image)
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"),
        wanted,
        atol=2e-5 * np.abs(wanted).max(),
    )
