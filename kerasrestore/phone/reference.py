"""What the files of a report are compared with, and on which task."""

from kerasrestore.tasks import get_task


def named_preset(files):
    """Name of the preset that files were exported from.

    Args:
        files: paths of `.tflite` files.

    Returns:
        The name in their sidecars if they all have the same and it is a
        preset of the package; `None` otherwise, and if one of the files is
        float32 and can be the reference itself.

    Raises:
        ValueError: if a sidecar is damaged or belongs to another file.
    """
    from kerasrestore.litert.sidecar import read_sidecar, sidecar_path
    from kerasrestore.models.presets import presets

    sidecars = [
        read_sidecar(path) for path in files if sidecar_path(path).is_file()
    ]
    if any(one["quantization"] == "float32" for one in sidecars):
        return None
    names = {one["name"] for one in sidecars}
    known = names & {preset.name for preset in presets()}
    return known.pop() if known and len(names) == 1 else None


def shared_tasks(restorers, reference, settings, quantize_input):
    """One task for each setting, the same for all files."""
    if not restorers:
        return []
    every = [*restorers.values(), *([] if reference is None else [reference])]
    kinds = {(one.task, one.channels, one.scale) for one in every}
    if len(kinds) > 1:
        raise ValueError(
            "Files and reference differ in task, channels or scale ("
            + "; ".join(
                f"{task}, {channels} channels, scale {scale}"
                for task, channels, scale in sorted(kinds)
            )
            + "); report on them one at a time."
        )
    options = {"quantize": True} if quantize_input else {}
    task_class = get_task(every[0].task)
    return [
        task_class.for_model(every[0], setting, **options)
        for setting in settings or [None]
    ]


def find_reference(restorers, reference):
    """The restorer that the files are compared with: the one of a reported
    file if it runs the same file."""
    for restorer in restorers.values():
        if reference is None and restorer.sidecar["quantization"] == "float32":
            return restorer
        file = file_of(reference)
        if file is not None and file.samefile(restorer.path):
            return restorer
    return reference


def file_of(restorer):
    """The file that a restorer runs, `None` for Keras models."""
    from kerasrestore.litert.litert_restorer import LiteRTRestorer

    return restorer.path if isinstance(restorer, LiteRTRestorer) else None
