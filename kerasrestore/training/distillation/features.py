"""Which feature maps of a student and its teacher are compared."""

from kerasrestore.models.danet.danet import DANet
from kerasrestore.models.danet.danet_mobile import DANetMobile


def named_pairs(text):
    """Pairs of layers from the text of an option.

    Args:
        text: `student:teacher` pairs separated by commas.

    Returns:
        Dictionary, name of the student's layer -> name of the teacher's.

    Raises:
        ValueError: if the text is something else.

    Example:
    >>> named_pairs("stem:stem,up0_add:decoder1_last")
    {'stem': 'stem', 'up0_add': 'decoder1_last'}
    """
    pairs = [pair.split(":") for pair in text.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            "Features must be pairs of layers like student:teacher, "
            f"separated by commas, got {text!r}."
        )
    return dict(pairs)


def matching_features(student, teacher):
    """Layers of two networks that decode the same resolution.

    Of each resolution the last layer before it is left, in the decoder or at
    the lowest level.

    Args:
        student: a `DANetMobile` or `DANet`.
        teacher: the same; any other model has no layers to compare.

    Returns:
        Dictionary, name of the student's layer -> name of the teacher's.

    Example:
    >>> student = DANetMobile(widths=(8, 16), middle_blocks=1)
    >>> wide = DANetMobile(
    ...     widths=(16, 24, 32), encoder_blocks=(1, 1), decoder_blocks=(2, 2)
    ... )
    >>> pairs = matching_features(student, wide)
    >>> pairs["decoder0_block1_add"], pairs["middle_block0_add"]
    ('decoder0_block1_add', 'decoder1_block1_add')
    """
    theirs = _last_layers(teacher)
    return {
        name: theirs[reduction]
        for reduction, name in _last_layers(student).items()
        if reduction in theirs
    }


def _last_layers(model):
    """Dictionary, reduction of the sides -> last layer at that resolution."""
    if not isinstance(model, (DANet, DANetMobile)):
        return {}
    found = {}
    lowest = len(model.widths) - 1
    for level in range(lowest + 1):
        row = "middle" if level == lowest else f"decoder{level}"
        if isinstance(model, DANet):
            found[2**level] = f"{row}_last"
            continue
        blocks = model.middle_blocks
        if level < lowest:
            blocks = model.decoder_blocks[level]
        if blocks:
            found[2 ** (level + 1)] = f"{row}_block{blocks - 1}_add"
    return found
