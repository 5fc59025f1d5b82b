"""The model zoo agrees with the cards."""

import runpy

from testing import ROOT

from kerasrestore.models.presets import presets

ZOO = ROOT / "docs" / "zoo"


def test_the_zoo_is_what_the_cards_say():
    wanted = runpy.run_path(str(ROOT / "docs/scripts/make_zoo.py"))["pages"](
        presets()
    )
    found = {
        path.relative_to(ZOO).as_posix(): path.read_text(encoding="utf-8")
        for path in ZOO.rglob("*")
        if path.is_file()
    }
    assert found == wanted, "run python docs/scripts/make_zoo.py"


def test_every_page_has_the_figures_of_its_card():
    for preset in presets():
        page = ZOO / preset.task / f"{preset.name}.md"
        text = page.read_text(encoding="utf-8")
        assert preset.license in text
        assert f"| {preset.parameters:,} |" in text
        for entry in preset.files.values():
            assert entry["sha256"] in text
        for levels in preset.psnr.values():
            for psnr in levels.values():
                assert f"| {psnr:.2f} |" in text
