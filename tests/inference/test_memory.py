import os
import subprocess
import sys

import numpy as np
import pytest

from kerasrestore.inference.memory import parse_bytes, process_bytes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2GB", 2 * 10**9),
        ("2 gb", 2 * 10**9),
        ("1.5g", 15 * 10**8),
        ("512MiB", 512 * 2**20),
        ("100k", 10**5),
        ("123", 123),
        (456, 456),
    ],
)
def test_sizes(text, wanted):
    assert parse_bytes(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "GB", "2 XB", "-1GB", "0", 0, True, None, "1iB", "nan"]
)
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="2GB"):
        parse_bytes(text)


def test_process_grows_with_what_it_holds():
    before = process_bytes()
    held = np.ones(50_000_000, np.uint8)
    assert process_bytes() - before > 40_000_000
    assert held[0] == 1


def test_tensorflow_stays_under_the_limit():
    code = """
import numpy as np
from kerasrestore.inference.memory import peak_bytes, process_bytes
from kerasrestore.models import DANetMobile
model = DANetMobile()
image = np.full((1100, 1100, 3), 99, "uint8")
model.restore(image[:64, :64])
limit = process_bytes() + 200_000_000
model.restore(image, memory_limit=limit)
print(limit - peak_bytes())
"""
    output = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert int(output) > 0
