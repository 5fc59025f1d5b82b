"""matplotlib, which is optional."""


def matplotlib_figure():
    """matplotlib's figure, which needs no window.

    Raises:
        ValueError: if matplotlib is not installed, with the pip command.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(
            'Plots need matplotlib: pip install "kerasrestore[train]".'
        ) from error
    return Figure
