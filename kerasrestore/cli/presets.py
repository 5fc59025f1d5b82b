"""`kerasrestore presets`: lists the trained models."""

import json
import sys


def add_parser(commands):
    parser = commands.add_parser(
        "presets",
        help="list the trained models",
        description="Lists the trained models inside the package, by task.",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the full cards as JSON"
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.models.presets import presets

    found = presets()
    if args.json:
        cards = [{**preset.card, "sha256": preset.sha256} for preset in found]
        json.dump(cards, sys.stdout, indent=1)
        print()
        return 0
    for task in sorted({preset.task for preset in found}):
        print(f"{task}:")
        for preset in found:
            if preset.task == task:
                print("\n".join(_lines(preset)))
    return 0


def _lines(preset):
    """The description of a preset in words."""
    from kerasrestore.tasks import get_task

    mark = " (default)" if preset.card.get("default") else ""
    yield f"  {preset.name}{mark}"
    yield f"    {preset.description}"
    sizes = ", ".join(
        f"{kind} {entry['bytes'] / 1e6:.1f} MB"
        for kind, entry in preset.card.get("exports", {}).items()
    )
    yield (
        f"    {preset.parameters / 1e6:.2f} M parameters, "
        f"{preset.macs_per_pixel / 1e3:.1f} k MACs per input pixel"
        + (f"; files: {sizes}" if sizes else "")
    )
    yield f"    trained on {preset.training_data}"
    task = get_task(preset.task, preset.degradation.get("degradation"))
    for data, levels in preset.psnr.items():
        figures = ", ".join(
            f"{psnr:.2f} dB at {task.describe_setting(setting)}"
            for setting, psnr in levels.items()
        )
        yield f"    {data}: {figures}"
    yield f"    terms of the weights: {preset.license}"
