import pytest
from testing import image_folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Three small images to train on."""
    return image_folder(tmp_path_factory.mktemp("data"), 3, (40, 48))
