"""kerasrestore: image restoration in Keras 3, from training to the phone.

Names are looked up when they are used: `import kerasrestore` loads neither
Keras nor TensorFlow, and what runs through LiteRT never does.

Example:
>>> import kerasrestore
>>> restorer = kerasrestore.LiteRTRestorer.from_preset()
>>> restorer.task
'denoise'
"""

import importlib

from kerasrestore.version import __version__

_HOMES = {
    "DANet": "kerasrestore.models",
    "DANetMobile": "kerasrestore.models",
    "LiteRTRestorer": "kerasrestore.litert.litert_restorer",
    "NLRN": "kerasrestore.models",
    "PANet": "kerasrestore.models",
    "Photo": "kerasrestore.photos",
    "PrivilegedTeacher": "kerasrestore.models",
    "RNAN": "kerasrestore.models",
    "Restorer": "kerasrestore.models",
    "evaluate": "kerasrestore.evaluation",
    "export_preset": "kerasrestore.export.export_preset",
    "export_tflite": "kerasrestore.export.tflite",
    "import_checkpoint": "kerasrestore.models.checkpoints.import_checkpoint",
    "presets": "kerasrestore.models.presets",
}
__all__ = [  # noqa: PLE0604
    "__version__",
    *_HOMES,
]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_HOMES})
