"""Restoration models. Names are looked up when they are used, so that
listing presets does not load Keras."""

import importlib

_HOMES = {
    "DANet": "kerasrestore.models.danet.danet",
    "DANetMobile": "kerasrestore.models.danet.danet_mobile",
    "NLRN": "kerasrestore.models.nlrn.nlrn",
    "PANet": "kerasrestore.models.panet.panet",
    "PrivilegedTeacher": "kerasrestore.models.danet.privileged_teacher",
    "RNAN": "kerasrestore.models.rnan.rnan",
    "Restorer": "kerasrestore.models.restorer",
    "default_preset": "kerasrestore.models.presets",
    "find_preset": "kerasrestore.models.presets",
    "get_preset": "kerasrestore.models.presets",
}
__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__():
    return sorted([*globals(), *_HOMES])
