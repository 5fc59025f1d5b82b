"""Registry of tasks, by name and degradation."""

# Task name -> its default class.
TASKS = {}
# (task name, degradation) -> class.
DEGRADATIONS = {}


def register_task(task_class):
    """Registers a task for use by the command line, recipes and export.

    The first class registered under a name is the default for that name;
    further classes add other degradations.

    Args:
        task_class: subclass of `Task` with a `name` (or `names`, if it serves
            several tasks) and a `degradation`.

    Returns:
        The class, so that this function can be used as a decorator.

    Raises:
        ValueError: if another class has that name and degradation.

    Example:
    >>> from kerasrestore.tasks import Task, get_task, register_task
    >>> @register_task
    ... class Negative(Task):
    ...     name = degradation = "negative"
    >>> get_task("negative").__name__
    'Negative'
    >>> unregister_task(Negative)
    """
    keys = _keys(task_class)
    for key in keys:
        if DEGRADATIONS.get(key, task_class) is not task_class:
            raise ValueError(
                f"A task {key[0]} with the degradation {key[1]} is already "
                "registered; choose another name or degradation."
            )
    for key in keys:
        DEGRADATIONS[key] = task_class
        TASKS.setdefault(key[0], task_class)
    return task_class


def unregister_task(task_class):
    """Removes a task from the registry."""
    for key in _keys(task_class):
        DEGRADATIONS.pop(key, None)
        if TASKS.get(key[0]) is task_class:
            del TASKS[key[0]]


def get_task(name, degradation=None):
    """The class of a task.

    Args:
        name: name of the task, such as `"denoise"`.
        degradation: name of the degradation, such as `"camera"`; the task's
            default if `None`.

    Returns:
        A subclass of `Task`.

    Raises:
        ValueError: if the task or degradation is unknown.

    Example:
    >>> get_task("denoise", "camera").__name__
    'CameraNoise'
    """
    if name not in TASKS:
        raise ValueError(
            f"The task must be one of {', '.join(TASKS)}, got {name!r}; add "
            "your own with register_task."
        )
    if degradation is None:
        return TASKS[name]
    if (name, degradation) not in DEGRADATIONS:
        known = [one for task, one in DEGRADATIONS if task == name]
        raise ValueError(
            f"The degradation of {name} must be one of {', '.join(known)}, "
            f"got {degradation!r}."
        )
    return DEGRADATIONS[name, degradation]


def serialize_task(task):
    """Converts a task to a JSON-serializable dictionary.

    Args:
        task: `Task` of a registered class.

    Returns:
        Dictionary with `"name"`, `"degradation"` and `"config"`.

    Example:
    >>> from kerasrestore.tasks import Jpeg, deserialize_task
    >>> record = serialize_task(Jpeg(10))
    >>> record
    {'name': 'jpeg', 'degradation': 'jpeg', 'config': {'quality': [10, 10]}}
    >>> deserialize_task(record).setting
    10
    """
    return {
        "name": task.name,
        "degradation": task.degradation,
        "config": task.get_config(),
    }


def deserialize_task(record):
    """Recreates a task from a record of `serialize_task`.

    Args:
        record: dictionary, as `serialize_task` returns it.

    Returns:
        A `Task`.

    Raises:
        ValueError: if the task is unknown or rejects the arguments.
    """
    try:
        task_class = get_task(record["name"], record["degradation"])
        return task_class.from_options(**record["config"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"The record {record!r} does not describe a task ({error}); pass "
            "the task itself."
        ) from error


def _keys(task_class):
    names = getattr(task_class, "names", (task_class.name,))
    return [(name, task_class.degradation) for name in names]
