"""What `import kerasrestore` costs on top of `import keras`.

Both are run in fresh interpreters, turn by turn; processor time is counted,
not time on the wall, so that a busy machine matters less.
"""

import os
import statistics
import subprocess
import sys

RUNS = 5
CODE = {
    "import keras": "import keras",
    "import keras, kerasrestore": "import keras, kerasrestore",
}


def cost(code):
    """User and system seconds of a fresh interpreter."""
    before = os.times()
    # TensorFlow greets on every start; errors still show in the exit code.
    subprocess.run(
        [sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL
    )
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - before.children_user
        - before.children_system
    )


def main():
    for code in CODE.values():  # fills the disk's caches
        cost(code)
    times = {name: [] for name in CODE}
    for _ in range(RUNS):
        for name, code in CODE.items():
            times[name].append(cost(code))
    medians = [statistics.median(values) for values in times.values()]
    for name, median in zip(CODE, medians, strict=True):
        print(f"{name:28} {median:.2f} s")
    print(f"ratio {medians[1] / medians[0]:.3f}")


if __name__ == "__main__":
    main()
