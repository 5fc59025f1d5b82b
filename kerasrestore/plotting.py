"""matplotlib, an optional dependency."""


def matplotlib_figure():
    """matplotlib's `Figure` class, which needs no display.

    Raises:
        ValueError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(
            "Plotting requires matplotlib, which is not installed; run "
            'pip install "kerasrestore[train]".'
        ) from error
    return Figure
