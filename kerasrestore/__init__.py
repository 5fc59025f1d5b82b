"""kerasrestore: image restoration in Keras 3, from training to the phone.

Names are imported on first use: `import kerasrestore` loads neither Keras nor
TensorFlow, and inference through LiteRT never does. If Keras is already
loaded, the package's Keras classes are registered with it, so that
`keras.models.load_model` finds them.

Example:
>>> import kerasrestore
>>> restorer = kerasrestore.LiteRTRestorer.from_preset()
>>> restorer.task
'denoise'
>>> kerasrestore.layers.HaarDWT2D.__name__
'HaarDWT2D'
"""

import sys

from kerasrestore.lazy import lazy_names
from kerasrestore.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "kerasrestore.evaluation": ["evaluate"],
        "kerasrestore.export.export_preset": ["export_preset"],
        "kerasrestore.export.tflite": ["export_tflite"],
        "kerasrestore.inference.restorer_chain": ["RestorerChain"],
        "kerasrestore.litert.litert_restorer": ["LiteRTRestorer"],
        "kerasrestore.litert.load_restorer": ["restore"],
        "kerasrestore.models": [
            "DANet",
            "DANetMobile",
            "NLRN",
            "PANet",
            "PrivilegedTeacher",
            "RNAN",
            "Restorer",
        ],
        "kerasrestore.models.checkpoints.import_checkpoint": [
            "import_checkpoint"
        ],
        "kerasrestore.models.presets": ["presets"],
        "kerasrestore.photos": ["Photo"],
        "kerasrestore.version": ["__version__"],
    },
    subpackages=[
        "data",
        "evaluation",
        "layers",
        "metrics",
        "models",
        "ops",
        "photos",
        "tasks",
        "training",
        "visualize",
    ],
)

if sys.modules.get("keras"):
    import kerasrestore.registered  # noqa: F401
