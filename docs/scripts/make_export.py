"""Writes the table of operations of docs/export.md.

python docs/scripts/make_export.py

builds each system small, which changes how often an operation is there but
not which ones, and exports it to float32 and int8 as anybody would.
"""

import tempfile
import warnings
from pathlib import Path

PAGE = Path(__file__).parent.parent / "export.md"
START, END = "<!-- operations -->\n", "<!-- end of operations -->\n"
TILE = 32


def systems():
    from kerasrestore import NLRN, RNAN, DANet, DANetMobile, PANet

    return {
        "DANetMobile": DANetMobile(widths=(8, 16), middle_blocks=1),
        "RNAN": RNAN(local_blocks=1, nonlocal_blocks=1, features=8),
        "PANet": PANet(num_blocks=2, features=8),
        "NLRN": NLRN(num_steps=2, filters=8, key_filters=4),
        "DANet": DANet(widths=(8, 16), blocks=(0, 1), offset_width=4),
    }


def main():
    import numpy as np
    from PIL import Image

    lines = [
        "| system | float32 | int8: integer | int8: float32 |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(0)
        for index in range(4):
            pixels = rng.integers(0, 256, (128, 128, 3), np.uint8)
            Image.fromarray(pixels).save(f"{folder}/{index}.png")
        for name, model in systems().items():
            cells = operations(model, folder)
            lines.append(f"| `{name}` | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(START)
    tail = rest.partition(END)[2]
    table = "\n".join(lines)
    PAGE.write_text(f"{head}{START}{table}\n{END}{tail}", encoding="utf-8")


def operations(model, data):
    """Names of operations, as three cells of the table."""
    from kerasrestore.export.tflite import export_tflite

    tile = TILE if model.halo is None else 4 * model.halo
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Some systems have loops, which are told of.
        warnings.simplefilter("ignore", UserWarning)
        path = Path(folder) / "a.tflite"
        plain = export_tflite(model, path, tile=tile)
        export_tflite(model, path, to="int8", tile=tile, calibration=data)
        integers, floats = kinds(path)
    return [
        ", ".join(sorted(x)) for x in (plain["op_counts"], integers, floats)
    ]


def kinds(path):
    """Names of operations by whether they give bytes or floats."""
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    found = {"INT8": set(), "FLOAT32": set()}
    for graph in model.subgraphs:
        for operator in graph.operators:
            result = graph.tensors[operator.outputs[0]]
            kind = flatbuffer_utils.type_to_name(result.type)
            name = flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex)
            found.get(kind, set()).add(name)
    return found["INT8"], found["FLOAT32"]


if __name__ == "__main__":
    main()
