"""The tasks that there are, by name and degradation."""

# Name of a task -> the class that degrades images as its tables do.
TASKS = {}
# (name, degradation) -> class, for all of them.
DEGRADATIONS = {}


def register_task(task_class):
    """Makes a task known to command lines, recipes and exports.

    The first class of a name is the one that is meant where only the task is
    named; others of the same name degrade images in another way.

    Args:
        task_class: subclass of `Task` with a `name` (or `names`, if it serves
            several tasks) and a `degradation`.

    Returns:
        The class, so that this can be used as a decorator.

    Raises:
        ValueError: if there is another class of that name and degradation.

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
                f"There is a task {key[0]} with the degradation {key[1]} "
                "already; give this one another name or degradation."
            )
    for key in keys:
        DEGRADATIONS[key] = task_class
        TASKS.setdefault(key[0], task_class)
    return task_class


def unregister_task(task_class):
    """Takes back `register_task`."""
    for key in _keys(task_class):
        DEGRADATIONS.pop(key, None)
        if TASKS.get(key[0]) is task_class:
            del TASKS[key[0]]


def get_task(name, degradation=None):
    """The class of a task.

    Args:
        name: name of the task, `"denoise"` for example.
        degradation: `"camera"`, for example; that of the task's tables
            unless given.

    Returns:
        A subclass of `Task`.

    Raises:
        ValueError: if there is no such task or degradation.

    Example:
    >>> get_task("denoise", "camera").__name__
    'CameraNoise'
    """
    if name not in TASKS:
        raise ValueError(
            f"The task is one of {', '.join(TASKS)}, got {name!r}; add a task "
            "of your own by register_task."
        )
    if degradation is None:
        return TASKS[name]
    if (name, degradation) not in DEGRADATIONS:
        known = [one for task, one in DEGRADATIONS if task == name]
        raise ValueError(
            f"The degradation of {name} is one of {', '.join(known)}, got "
            f"{degradation!r}."
        )
    return DEGRADATIONS[name, degradation]


def serialize_task(task):
    """A task as a dictionary that JSON can hold.

    Args:
        task: a `Task` of a registered class.

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
    """The task that `serialize_task` described.

    Args:
        record: dictionary.

    Returns:
        A `Task`.

    Raises:
        ValueError: if there is no such task, or it refuses its arguments.
    """
    try:
        task_class = get_task(record["name"], record["degradation"])
        return task_class.from_options(**record["config"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"No task can be built from the record {record!r} ({error}); give "
            "the task itself."
        ) from error


def _keys(task_class):
    names = getattr(task_class, "names", (task_class.name,))
    return [(name, task_class.degradation) for name in names]
