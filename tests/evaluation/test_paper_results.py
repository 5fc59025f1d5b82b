import pytest
from testing import run_python

from kerasrestore.evaluation import Report, paper_rows, rows_for


@pytest.mark.parametrize(
    ("task", "dataset", "channels", "method", "figures"),
    [
        (
            "jpeg",
            "Classic5",
            "gray",
            "JPEG",
            {10: 27.82, 20: 30.12, 30: 31.48, 40: 32.43},
        ),
        (
            "jpeg",
            "LIVE1",
            "y",
            "JPEG",
            {10: 27.77, 20: 30.07, 30: 31.41, 40: 32.35},
        ),
        ("super_resolution", "Set5", "y", "Bicubic", {2: 33.66, 4: 28.42}),
        ("demosaic", "CBSD68", "color", "Mosaiced", {None: 8.43}),
        ("demosaic", "Kodak24", "color", "Mosaiced", {None: 8.56}),
    ],
)
def test_rows_without_a_model(task, dataset, channels, method, figures):
    for setting, psnr in figures.items():
        rows = [
            row
            for row in rows_for(task, dataset, setting, channels)
            if row.method == method
        ]
        assert {row.psnr for row in rows} == {psnr}


def test_the_factor_3_has_no_bicubic_row():
    # RNAN's table leaves it out and no other table has the row.
    rows = rows_for("super_resolution", "Set5", 3, "y")
    assert rows and all(row.method != "Bicubic" for row in rows)


def test_the_ssim_of_other_conventions_is_noted():
    for quality, wang in ((10, 0.7595), (20, 0.8344)):
        rows = rows_for("jpeg", "Classic5", quality, "y")
        old, new = (
            [r for r in rows if r.method == "JPEG" and r.source.startswith(s)]
            for s in ("RNAN", "DANet")
        )
        assert new[0].ssim == wang and not new[0].note
        assert old[0].ssim > wang and old[0].note.startswith("SSIM of older")
        ours = [row for row in rows if row.method == "PANet"]
        assert len(ours) == 1 and not ours[0].note


def test_misprints_are_noted():
    row = next(
        row
        for row in rows_for("jpeg", "LIVE1", 40, "y", "danet:5")
        if row.method == "RNAN"
    )
    assert row.ssim == 0.9061 and "0.9299 in RNAN" in row.note


def test_rows_for():
    rows = rows_for("denoise", "urban100", 30)
    assert [row.psnr for row in rows] == sorted(row.psnr for row in rows)
    assert {row.channels for row in rows} == {"color"}
    assert {row.setting for row in rows} == {30}
    (rnan,) = (row for row in rows if row.psnr == 31.50)
    assert rnan.source == "RNAN, table 2; PANet, table 1"
    assert "8 bits" in rnan.note
    # The same network after other training is another row.
    assert {row.training for row in rows if row.method == "RNAN"} == {
        "",
        "BSD400",
    }
    # Ablations are on the same set at the same sigma.
    assert not any("table 9" in row.source for row in rows)
    assert any(
        row.channels == "gray"
        for row in rows_for("denoise", "BSD68", 50, "gray")
    )
    assert rows_for("denoise", "Urban100", 31) == []
    assert rows_for("denoise", "my photos", 25) == []
    assert rows_for("jpeg", "Classic5", 10, "color") == []


def test_names_of_sets():
    def figures(*args):
        return [row.psnr for row in rows_for(*args)]

    scale = (
        ("super_resolution", "B100", 2, "y"),
        ("super_resolution", "BSD100", 2, "y"),
    )
    assert figures(*scale[0]) == figures(*scale[1]) != []
    assert figures("demosaic", "McMaster") == figures("demosaic", "McMaster18")
    assert figures("denoise", "BSD68", 50) == figures("denoise", "CBSD68", 50)
    assert figures("denoise", "BSD68", 50, "gray") != figures(
        "denoise", "BSD68", 50
    )


def test_rows_of_one_table():
    rows = rows_for("denoise", "Urban100", 30, reference="panet:9")
    assert len(rows) == 8 and rows[-1].method == "pre+mid+post"
    for reference in ("panet:1", "PANet:1"):
        rows = rows_for("denoise", "Urban100", 30, reference=reference)
        assert [row.source for row in rows] == ["PANet, table 1"] * 9
        assert rows[-1].method == "PANet"


def test_peers_are_among_the_rows():
    peers = paper_rows("CBSD68", "denoise", 25)
    assert peers[-1].method == "Restormer"
    found = rows_for("denoise", "CBSD68", 25)
    for peer in peers:
        assert any(
            row.method == peer.method and row.psnr == peer.psnr for row in found
        )


def test_the_report_shows_them():
    report = Report("x", "denoise", 50.0, "Urban100")
    table = report.table()
    assert "RNAN (BSD400)     28.65" in table
    assert "DANet, table 3" in table and "8 bits" in table
    alone = report.table("panet:1")
    assert "29.47" in alone and "DANet" not in alone


def test_unknown_names():
    with pytest.raises(ValueError, match="denoise, demosaic"):
        rows_for("deblur", "Set5")
    with pytest.raises(ValueError, match="gray, color, y"):
        rows_for("denoise", "Set12", 25, "rgb")


def test_no_backend_is_loaded():
    run_python(
        "import sys\n"
        "from kerasrestore.evaluation import paper_table, rows_for\n"
        "rows_for('denoise', 'Set12', 25, 'gray')\n"
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)"
    )
