"""Validation of the options of `ImageRestorer.restore`."""

import numbers
import reprlib

import numpy as np

from kerasrestore.imaging.mosaic import check_pattern


def check_options(restorer, sigma=None, strength=1.0, pattern=None):
    """Raises ValueError if a restorer rejects these options.

    Args:
        restorer: `ImageRestorer`.
        sigma: as in `ImageRestorer.restore`.
        strength: as in `ImageRestorer.restore`.
        pattern: as in `ImageRestorer.restore`.

    Returns:
        The strength as a float.
    """
    if not isinstance(strength, numbers.Real) or not (0.0 <= strength <= 2.0):
        raise ValueError(
            f"strength must be a number from 0 to 2, got {strength!r}."
        )
    if strength != 1.0 and restorer.scale != 1:
        raise ValueError(
            f"{restorer.name} upscales images and has no strength; leave "
            "strength out."
        )
    if restorer.task != "demosaic" and pattern is not None:
        raise ValueError(f"{restorer.name} takes no mosaic; leave pattern out.")
    if restorer.task == "demosaic":
        if pattern is not None:
            check_pattern(pattern)
        if strength != 1.0:
            raise ValueError(
                f"{restorer.name} interpolates colours and has no strength; "
                "leave strength out."
            )
    if restorer.sigma_input and sigma is None:
        raise ValueError(
            f"{restorer.name} requires the noise level; give sigma on the "
            "0..255 scale, for example 15."
        )
    if not restorer.sigma_input and sigma is not None:
        raise ValueError(
            f"{restorer.name} takes no sigma; leave sigma out, or set strength."
        )
    if sigma is not None:
        try:
            levels = np.asarray(sigma, float)
        except (TypeError, ValueError):
            levels = np.array(np.nan)
        if levels.ndim > 3 or not np.all((levels >= 0) & (levels <= 255)):
            raise ValueError(
                "sigma must be a noise level from 0 to 255, one for all "
                "images, one for each, or one for each pixel, got "
                f"{reprlib.repr(sigma)}."
            )
    return float(strength)
