"""Writes the table of docs/models.md: `python docs/scripts/make_models.py`.

Parameters and multiply-accumulates of every system, by the package's own
counter, beside what the papers print and what the released code has.
"""

import math
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kerasrestore

PAGE = Path(__file__).parent.parent / "models.md"
BEGIN, END = "<!-- counts -->", "<!-- end of counts -->"
SR = {"task": "super_resolution"}
# model, arguments, size, parameters in the paper, in the released code, MACs
# in the paper
ROWS = (
    ("RNAN", {}, (128, 128), "7,409 K (a)", "", ""),
    ("RNAN", {"released": True}, (128, 128), "7,409 K (a)", "8,959,555", ""),
    (
        "RNAN",
        {"released": True, "task": "jpeg", "channels": 1},
        (128, 128),
        "",
        "8,957,249",
        "",
    ),
    (
        "RNAN",
        {"local_blocks": 1, "nonlocal_blocks": 1},
        (128, 128),
        "1,494 K (a)",
        "",
        "",
    ),
    (
        "RNAN",
        {"released": True, **SR, "scale": 2},
        (48, 48),
        "7.5 M",
        "9,107,291",
        "",
    ),
    ("PANet", {}, (128, 128), "5,957 K", "5,957,255", ""),
    ("PANet", {"num_blocks": 8}, (128, 128), "665 K (b)", "639,623", ""),
    ("PANet", {**SR, "scale": 2}, (48, 48), "", "40,811,846", ""),
    ("PANet", {**SR, "scale": 4}, (48, 48), "", "43,172,166", ""),
    ("NLRN", {}, (45, 45), "330 K (c)", "340,099", ""),
    ("DANet", {"channels": 1}, (320, 480), "23,481 K", "none", "1040.9 G"),
    (
        "DANet",
        {"channels": 1, "size": "slim"},
        (320, 480),
        "15,940 K",
        "none",
        "571.1 G",
    ),
    ("DANetMobile", {}, (320, 480), "", "", ""),
)


def main():
    head = (
        "model",
        "parameters",
        "in the paper",
        "in the released code",
        "MACs",
        "a pixel",
        "in the paper",
    )
    lines = [head, ("---",) * len(head)]
    for name, options, (height, width), paper, released, paper_macs in ROWS:
        model = getattr(kerasrestore, name)(**options)
        macs = model.count_macs(height, width)
        shown = ", ".join(f"{key}={value!r}" for key, value in options.items())
        lines.append(
            (
                f"`{name}({shown})`",
                f"{model.count_parameters():,}",
                paper,
                released,
                f"{macs / 1e9:.1f} G at {width}x{height}",
                f"{macs / math.prod((height, width)) / 1e3:,.0f} k",
                paper_macs,
            )
        )
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
