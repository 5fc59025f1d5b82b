"""Argument validation shared by several models."""

import keras

from kerasrestore.tasks import get_task

# All features, blocks and other whole numbers of a network: several times
# those of the largest published one.
LARGEST_SUM = 4096


def check_image_model(model, task, channels, scale=None):
    """Checks image layout, task, channels and scale.

    Args:
        model: name of the model, for error messages.
        task: name of the task.
        channels: number of image channels.
        scale: upscaling factor; `None` for models whose output has the size
            of their input, whatever the task.

    Raises:
        ValueError: if the task is not registered or does not support these
            arguments.
    """
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "kerasrestore requires channels_last images, but Keras is set to "
            "channels_first; call "
            'keras.config.set_image_data_format("channels_last").'
        )
    task_class = get_task(task)
    scales = task_class.scales
    for name, value, choices in (
        ("channels", channels, task_class.channels),
        ("scale", scales[0] if scale is None else scale, scales),
    ):
        if value not in choices:
            *first, last = map(str, choices)
            wanted = f"{', '.join(first)} or {last}" if first else last
            raise ValueError(
                f"{name} must be {wanted} for {model} with task={task!r}, got "
                f"{value!r}."
            )


def check_network_size(preset):
    """Raises ValueError if the card of a preset describes a network that would
    take hours to build: cards come from strangers.

    Args:
        preset: `Preset`.
    """
    total = sum(_whole_numbers(preset.config))
    if total > LARGEST_SUM:
        raise ValueError(
            f"The card of the preset {preset.name} describes a network that "
            "is far too large; download it again."
        )


def _whole_numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _whole_numbers(part)
    elif type(value) is int:
        yield abs(value)
