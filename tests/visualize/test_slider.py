import base64
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from testing import random_image

from kerasrestore.visualize import Slider


class Elements(HTMLParser):
    """The elements of a page, as pairs of tag and attributes."""

    def __init__(self, text):
        super().__init__()
        self.found, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data.strip())

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def pixels(image):
    head, data = image["src"].split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_pictures_are_embedded_without_loss(tmp_path, shape):
    before, after = (random_image(shape, "uint8", seed) for seed in (0, 1))
    slider = Slider(before, after / 255.0)
    page = slider.save(tmp_path / "a.html").read_text()
    assert slider._repr_html_() in page
    under, over = Elements(page).all("img")
    np.testing.assert_array_equal(pixels(under), after)
    np.testing.assert_array_equal(pixels(over), before)
    # The upper picture is the one that is cut at the divider.
    assert "clip-path" in over["style"] and "clip-path" not in under["style"]
    # Nothing comes from elsewhere.
    assert "http" not in page and "<script" not in page


def test_files_and_enlarged_pictures(tmp_path):
    small = random_image((8, 12, 3), "uint8")
    Image.fromarray(small).save(tmp_path / "small.png")
    large = np.repeat(np.repeat(small, 3, 0), 3, 1)
    text = Slider(tmp_path / "small.png", large)._repr_html_()
    assert "max-width:36px" in text
    under, over = map(pixels, Elements(text).all("img"))
    assert under.shape == (24, 36, 3) and over.shape == (8, 12, 3)


def test_labels_are_text_alone():
    image = np.zeros((4, 4), "uint8")
    labels = ('<b onclick="x()">', "it's & co")
    elements = Elements(Slider(image, image, labels)._repr_html_())
    assert not elements.all("b")
    assert set(labels) <= set(elements.words)
    (divider,) = elements.all("input")
    assert divider["aria-label"] == (
        f"Divider between {labels[0]} and {labels[1]}"
    )


def test_pictures_that_do_not_match(tmp_path):
    image = np.zeros((8, 12), "uint8")
    for other in ((8, 11), (16, 36), (12, 8), (9, 13)):
        with pytest.raises(ValueError, match=r"same size.*12x8 and"):
            Slider(image, np.zeros(other, "uint8"))
    with pytest.raises(ValueError, match="two labels, got 3"):
        Slider(image, image, ("a", "b", "c"))
    with pytest.raises(ValueError, match="batch"):
        Slider(np.zeros((2, 8, 8, 3)), image)
