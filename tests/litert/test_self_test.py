import hashlib

import numpy as np
import pytest
from small_tflite import BYTES, change, refusal

from kerasrestore import LiteRTRestorer
from kerasrestore.litert.self_test import self_test_image


def test_image():
    image = np.rint(self_test_image((30, 40), 3) * 255)
    assert image[7, 11, 2] == (3 * 121 + 5 * 77 + 7 * 49 + 62) % 256


@pytest.mark.parametrize(
    "options",
    [{}, BYTES, {"sigma_input": True}, {"scale": 2}, {"dynamic": True}],
)
def test_round_trip(copied, options):
    path = copied(**options)
    test = LiteRTRestorer(path, trial=False).make_self_test()
    change(path, self_test=test)
    LiteRTRestorer(path, threads=1)
    y, x, values = test["pixels"][5]
    values[-1] += 3 * test["tolerance"]
    change(path, self_test=test)
    assert f"at row {y}, column {x}" in refusal(path)


def test_another_tile_has_another_answer(copied):
    path = copied(dynamic=True)
    change(path, self_test=LiteRTRestorer(path, trial=False).make_self_test())
    assert LiteRTRestorer(path, tile=40).fixed_tile == (40, 40)


def test_weights_that_were_changed(small):
    change(small, self_test=LiteRTRestorer(small, trial=False).make_self_test())
    data = bytearray(small.read_bytes())
    # The sign of a weight: whoever wrote the checksum, it shows.
    middle = len(data) // 2 // 4 * 4 + 3
    data[middle] ^= 0x80
    small.write_bytes(data)
    change(small, sha256=hashlib.sha256(data).hexdigest())
    assert "self-test" in refusal(small)
