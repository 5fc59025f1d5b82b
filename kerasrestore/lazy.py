"""Lazy imports: names of a package that are imported on first use."""

import importlib
import sys


def lazy_names(package, names, subpackages=()):
    """Builds a package's `__getattr__`, `__dir__` and `__all__` (PEP 562).

    Args:
        package: name of the package, its `__name__`.
        names: dictionary from module to the public names it defines.
        subpackages: public subpackages, named relative to the package.

    Returns:
        The three, for the package to assign to these names.
    """
    homes = {name: home for home, some in names.items() for name in some}
    public = sorted([*homes, *subpackages])

    def load(name):
        if name in subpackages:
            return importlib.import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}"
            )
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: public, public
