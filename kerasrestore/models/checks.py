"""Validation of arguments that several models share."""

import keras

SCALES = (2, 3, 4)


def check_image_model(model, tasks, task, channels, scale=None):
    """Checks layout, task, channels and scale.

    Args:
        model: what a message calls the model.
        tasks: names of the tasks that it restores.
        task: name of the task.
        channels: channels of an image.
        scale: enlargement; `None` for models whose input has the size of
            their output, whatever the task.

    Raises:
        ValueError: if they do not belong together.
    """
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "kerasrestore works on channels_last images, Keras is set to "
            "channels_first; call "
            'keras.config.set_image_data_format("channels_last").'
        )
    if task not in tasks:
        raise ValueError(
            f"{model} restores {', '.join(tasks)}; got task={task!r}."
        )
    if channels not in (1, 3):
        raise ValueError(
            f"channels is 3 for colour or 1 for gray, got {channels!r}."
        )
    if task == "demosaic" and channels != 3:
        raise ValueError("A mosaic has three channels, got channels=1.")
    if scale is None:
        return
    if task == "super_resolution" and scale not in SCALES:
        raise ValueError(
            f"Super-resolution has a scale of 2, 3 or 4, got {scale!r}."
        )
    if task != "super_resolution" and scale != 1:
        raise ValueError(
            f"Only super-resolution enlarges; {task} got scale={scale!r}, "
            "leave it out."
        )
