import pytest
from matplotlib.figure import Figure

from kerasrestore.training.plot_log import plot_log


def test_a_picture(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(
        "step,loss,learning_rate,psnr,psnr_sigma25\n"
        "1,2.0,0.001,20,21\n2,1.0,0.0,30,31\n"
    )
    plot_log(log, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    log.write_text("step,loss\n")
    with pytest.raises(ValueError, match="no steps"):
        plot_log(log, tmp_path / "b.png")


def test_every_setting_of_every_task_is_drawn(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda figure, *args, **kwargs: figures.append(figure),
    )
    log = tmp_path / "log.csv"
    for label in ("sigma25", "quality10", "x2", "demosaic", "radius3"):
        # A setting that was never measured is not drawn.
        log.write_text(
            f"step,loss,learning_rate,psnr,worst_gain,psnr_{label},psnr_late\n"
            "1,2,0.001,20,1,21,\n2,1,0.001,30,1,31,\n"
        )
        plot_log(log, tmp_path / "a.png")
        axis = figures[-1].axes[1]
        assert [line.get_label() for line in axis.lines] == [f"{label}: 31.00"]
        assert list(axis.lines[0].get_ydata()) == [21, 31]
