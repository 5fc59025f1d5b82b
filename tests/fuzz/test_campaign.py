"""A short campaign, and that it finds what is wrong."""

import dataclasses
import io
import os

import pytest
from fuzz.campaign import FINE, Worker, campaign
from fuzz.target import Target, judge, write_case
from fuzz.targets import TARGETS

# Those of seconds; the others belong to the whole campaign.
SHORT = (
    "png", "jpeg", "webp", "bmp", "tiff", "avif", "heic", "jxl", "exr", "raw",
    "training_image", "sidecar", "checkpoint", "app_benchmark", "dnd",
)  # fmt: skip


@pytest.mark.parametrize("name", SHORT)
def test_damaged_inputs(name, capsys):
    ends, _ = campaign(TARGETS[name], 60, "short")
    assert set(ends) <= set(FINE), capsys.readouterr().out
    # Sound ones are accepted, and the damage matters.
    assert ends["accepted"] and ends["refused"], ends


def refuse(path, out):
    raise ValueError(path.read_text())


def write_and_refuse(path, out):
    (out / "half").write_text("half")
    raise ValueError("It failed.")


def spoil_input(path, out):
    path.with_name("b").write_text("more")


def end(path, out):
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("run", "text", "wanted"),
    [
        (refuse, "This is a sentence.", "refused"),
        (refuse, "Two\nlines.", "unclear"),
        (refuse, "\x1b[2J.", "unclear"),
        (refuse, "no sentence", "unclear"),
        (refuse, "x" * 3000 + ".", "unclear"),
        (write_and_refuse, "", "left"),
        (spoil_input, "", "left"),
        (end, "", "raised"),
        (lambda path, out: {}[1], "", "raised"),
        (lambda path, out: None, "", "accepted"),
    ],
)
def test_judgement(tmp_path, run, text, wanted):
    (tmp_path / "case").mkdir()
    (tmp_path / "out").mkdir()
    path = tmp_path / "case" / "a"
    path.write_text(text)
    target = Target("a", None, None, run)
    assert judge(target, path, tmp_path / "out")["end"] == wanted


def test_cases_are_made_again_from_their_number(tmp_path):
    target = TARGETS["app_benchmark"]
    (tmp_path / "seeds").mkdir()
    target.make(tmp_path / "seeds")

    def case(number, seed="0"):
        path = write_case(
            target, tmp_path / "seeds", tmp_path / "case", seed, number
        )
        return path.read_bytes()

    (sound,) = (tmp_path / "seeds").iterdir()
    assert case(0) == sound.read_bytes() != case(1)
    assert case(1) == case(1)
    assert len({case(number) for number in range(1, 30)}) > 20
    assert case(1, "1") != case(1, "0")


def test_crashes_and_hangs_are_told(monkeypatch, tmp_path):
    class Process:
        """A process that answers nothing."""

        def __init__(self, code):
            self.stdin = io.BytesIO()
            read, self.write = os.pipe()
            self.stdout = os.fdopen(read, "rb")
            self.code = code
            if code != "hung":
                os.close(self.write)

        def kill(self):
            os.close(self.write)

        def wait(self):
            return -9 if self.code == "hung" else self.code

    target = dataclasses.replace(TARGETS["png"], seconds=0.1)
    monkeypatch.setattr("fuzz.campaign.START_SECONDS", 0)
    for code, wanted in (("hung", "hung"), (-11, "crashed"), (1, "crashed")):
        monkeypatch.setattr(
            "fuzz.campaign.start", lambda *_, c=code: Process(c)
        )
        worker = Worker(target, tmp_path, tmp_path, "0")
        assert worker.ask(0)["end"] == wanted
