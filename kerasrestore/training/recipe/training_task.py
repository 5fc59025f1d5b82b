"""The task that the options of a recipe ask for."""

import inspect

from kerasrestore.tasks import (
    DEGRADATIONS,
    CameraNoise,
    RealPairs,
    get_task,
)
from kerasrestore.training.recipe.settings import named_numbers


def synthetic_degradations(task):
    """Names of the degradations of a task, without pairs of photographs.

    Args:
        task: name of the task.

    Returns:
        List, the default first.

    Example:
    >>> synthetic_degradations("denoise")
    ['gaussian', 'camera']
    """
    known = [one for name, one in DEGRADATIONS if name == task]
    return [one for one in known if one != RealPairs.degradation]


def training_task(options, settings, task_options):
    """Builds the task to train for.

    Args:
        options: `RunOptions`.
        settings: dictionary from tasks to their default settings.
        task_options: further arguments of the tasks, by name; each task gets
            those that it has.

    Returns:
        A `Task`.

    Raises:
        ValueError: if options are out of range or cannot be combined.
    """
    quantize = {}
    if options.quantize is not None:
        quantize["quantize"] = options.quantize
    if options.quantize is False and options.task != "denoise":
        raise ValueError(
            "--no-quantize keeps noisy images as they are, and there are "
            f"none in {options.task}; leave it out."
        )
    if options.validation_degraded:
        return _photographs(options, quantize)
    if options.degraded:
        raise ValueError(
            "Low-quality photographs are needed for validation too; give "
            "--validation-degraded."
        )
    known = synthetic_degradations(options.task)
    if options.degradation not in (None, *known):
        raise ValueError(
            f"--degradation must be one of {', '.join(known)} for "
            f"{options.task}, got {options.degradation!r}."
        )
    task_class = get_task(options.task, options.degradation)
    arguments = inspect.signature(task_class).parameters
    own = {k: v for k, v in task_options.items() if k in arguments}
    if task_class is CameraNoise and options.setting:
        raise ValueError(
            "--degradation camera draws noise of all strengths; leave "
            "--setting out."
        )
    if options.shares:
        if "shares" not in arguments:
            raise ValueError(
                "--shares sets the mixture of --degradation camera; add that, "
                "or leave it out."
            )
        own["shares"] = named_numbers(
            "--shares", options.shares, "kind", "camera=0.7,gaussian=0.3"
        )
    setting = options.setting
    if setting is None and task_class.setting_required:
        setting = settings[options.task]
    return task_class.from_setting(setting, **{**own, **quantize})


def _photographs(options, quantize):
    """The task of pairs of photographs."""
    if options.degradation:
        raise ValueError(
            "Pairs of photographs are not degraded further; leave "
            f"--degradation {options.degradation} out."
        )
    if options.records and options.degraded:
        raise ValueError(
            "--records hold the low-quality photographs too; leave "
            "--degraded out."
        )
    if options.data and not options.degraded:
        raise ValueError(
            "The low-quality photographs of --data are missing; give "
            "--degraded."
        )
    return get_task(options.task, RealPairs.degradation).from_setting(
        options.setting, name=options.task, **quantize
    )
