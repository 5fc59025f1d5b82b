"""Restoration models.

Names are imported on first use, so that listing presets does not load Keras.
"""

from kerasrestore.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "kerasrestore.models.danet.danet": ["DANet"],
        "kerasrestore.models.danet.danet_mobile": ["DANetMobile"],
        "kerasrestore.models.danet.privileged_teacher": ["PrivilegedTeacher"],
        "kerasrestore.models.nlrn.nlrn": ["NLRN"],
        "kerasrestore.models.panet.panet": ["PANet"],
        "kerasrestore.models.presets": [
            "default_preset",
            "find_preset",
            "get_preset",
        ],
        "kerasrestore.models.restorer": ["Restorer"],
        "kerasrestore.models.rnan.rnan": ["RNAN"],
    },
)
