"""Two pictures of the same scene behind a movable divider, as HTML."""

import base64
import html
import io
from pathlib import Path

from PIL import Image

from kerasrestore.files import write_atomically
from kerasrestore.visualize.pixels import display_pixels

# The divider is a range input: pointer, touch and arrow keys work without a
# script of our own but for the position, and screen readers read its label.
FRAME = """\
<div style="position:relative;max-width:{width}px;line-height:0;--at:50%">
<img src="{after}" alt="{after_label}" style="{fill}">
<img src="{before}" alt="{before_label}" style="{fill}position:absolute;\
left:0;top:0;height:100%;clip-path:inset(0 calc(100% - var(--at)) 0 0)">
<div style="position:absolute;top:0;bottom:0;left:var(--at);width:2px;\
margin-left:-1px;background:#fff;box-shadow:0 0 2px #000"></div>
<span style="{label}left:8px">{before_label}</span>
<span style="{label}right:8px">{after_label}</span>
<input type="range" min="0" max="100" step="0.5" value="50" \
aria-label="Divider between {before_label} and {after_label}" \
oninput="this.parentNode.style.setProperty('--at', this.value + '%')" \
style="position:absolute;inset:0;width:100%;height:100%;margin:0;\
opacity:0;cursor:ew-resize">
</div>
"""
FILL = "display:block;width:100%;margin:0;image-rendering:auto;"
LABEL = (
    "position:absolute;top:8px;padding:0 6px;border-radius:3px;"
    "background:rgba(0,0,0,.55);color:#fff;font:13px/20px sans-serif;"
)
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<body style="margin:0;background:#222">
{frame}</body>
</html>
"""


class Slider:
    """Shows two pictures over each other, with a divider to move.

    In a notebook, the object shows itself as the last line of a cell. The
    pictures are embedded without loss, and nothing is loaded from elsewhere.

    Args:
        before, after: path, `Photo`, PIL image, or array `(H, W)` or
            `(H, W, C)` of uint8, uint16 or floats in [0, 1]; transparency is
            ignored. Of the same size, or one an integer multiple of the
            other, as after super-resolution: it is stretched to match.
        labels: what the two are called.

    Raises:
        ValueError: if an argument is not an image, or the sizes do not fit.

    Example:
    >>> import tempfile
    >>> import numpy as np
    >>> noisy = np.random.default_rng(0).random((40, 60, 3))
    >>> slider = Slider(noisy, noisy.clip(0.3, 0.7))
    >>> path = slider.save(tempfile.mkdtemp() + "/slider.html")
    >>> path.read_text().count("<img")
    2
    """

    def __init__(self, before, after, labels=("before", "after")):
        self.before = display_pixels(before)
        self.after = display_pixels(after)
        self.labels = tuple(map(str, labels))
        if len(self.labels) != 2:
            raise ValueError(
                f"A slider has two labels, got {len(self.labels)}: {labels!r}."
            )
        small, large = sorted(
            (self.before.shape[:2], self.after.shape[:2]), key=max
        )
        factor = large[0] // small[0]
        if tuple(factor * side for side in small) != large:
            raise ValueError(
                "The two pictures must have the same size, or one a multiple "
                f"of the other's, got {_size(self.before)} and "
                f"{_size(self.after)} pixels; crop or resize one."
            )

    def _repr_html_(self):
        before, after = map(html.escape, self.labels)
        return FRAME.format(
            width=max(self.before.shape[1], self.after.shape[1]),
            before=_data_uri(self.before),
            after=_data_uri(self.after),
            before_label=before,
            after_label=after,
            fill=FILL,
            label=LABEL,
        )

    def save(self, path):
        """Writes the slider as a web page that needs no other file.

        Args:
            path: file to write, such as `slider.html`.

        Returns:
            The path.
        """
        path = Path(path)
        title = html.escape(" and ".join(self.labels))
        page = PAGE.format(title=title, frame=self._repr_html_())
        write_atomically(path, lambda file: file.write(page.encode()))
        return path


def _size(pixels):
    return f"{pixels.shape[1]}x{pixels.shape[0]}"


def _data_uri(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    return f"data:image/png;base64,{text}"
