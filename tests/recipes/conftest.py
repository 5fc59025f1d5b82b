import pytest
from testing import image_folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Two small images to train on."""
    return image_folder(tmp_path_factory.mktemp("data"), 2, (60, 48))
