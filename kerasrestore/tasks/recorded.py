"""Tasks as cards of presets, records of trainings and tables have them."""

from kerasrestore import tasks


def record_task(task):
    """What a card or a run keeps of a task: its name, class and arguments.

    Example:
    >>> record_task(tasks.Denoise(25))["config"]
    {'sigma': [25.0, 25.0], 'quantize': False}
    """
    return {
        "name": task.name,
        "class": type(task).__name__,
        "config": task.get_config(),
    }


def load_task(record):
    """The task of a `record_task`.

    Raises:
        ValueError: if the package has no task of that class, or its
            arguments are others.

    Example:
    >>> load_task(record_task(tasks.Jpeg(10))).quality
    (10, 10)
    """
    found = getattr(tasks, str(record.get("class")), None)
    if not (isinstance(found, type) and issubclass(found, tasks.Task)):
        raise ValueError(
            f"The task {record.get('name')!r} is of the class "
            f"{record.get('class')!r}, which kerasrestore.tasks does not "
            "have; give the task itself."
        )
    try:
        return found(**record["config"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{found.__name__} cannot be built from what was recorded "
            f"({error}); give the task itself."
        ) from error


def setting_name(task):
    """What tables call the setting of a task: its number, or its label.

    Example:
    >>> setting_name(tasks.Denoise(25)), setting_name(tasks.Demosaic())
    ('25', 'demosaic')
    """
    setting = task.setting
    return f"{setting:g}" if isinstance(setting, (int, float)) else task.label
