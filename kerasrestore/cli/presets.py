"""`kerasrestore presets`: lists the trained models."""

import json
import sys


def add_parser(commands):
    parser = commands.add_parser(
        "presets",
        help="list the trained models",
        description="Lists the trained models inside the package.",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the full cards as JSON"
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.models.presets import presets
    from kerasrestore.tasks import get_task

    found = presets()
    if args.json:
        cards = [{**preset.card, "sha256": preset.sha256} for preset in found]
        json.dump(cards, sys.stdout, indent=1)
        print()
        return 0
    for preset in found:
        print(preset.name)
        print(f"  {preset.description}")
        print(
            f"  {preset.parameters / 1e6:.2f} M parameters, "
            f"{preset.macs_per_pixel / 1e3:.1f} k MACs per pixel, trained on "
            f"{preset.training_data}"
        )
        task = get_task(preset.task)
        for data, levels in preset.psnr.items():
            figures = ", ".join(
                f"{psnr:.2f} dB at {task.describe_setting(setting)}"
                for setting, psnr in levels.items()
            )
            print(f"  {data}: {figures}")
        print(f"  terms of the weights: {preset.license}")
    return 0
