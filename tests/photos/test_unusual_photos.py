"""docs/unusual_photos.md names tests that exist."""

import re

from testing import ROOT


def test_every_line_has_its_test():
    text = (ROOT / "docs/unusual_photos.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    lines = [line for line in lines if not line.startswith("| input |")]
    assert len(lines) >= 45
    for line in lines:
        cells = re.split(r" \| ", line.strip("| "))
        assert len(cells) == 4, line
        path, name = cells[-1].strip("`").split("::")
        tests = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"\ndef {name}(" in tests, line
