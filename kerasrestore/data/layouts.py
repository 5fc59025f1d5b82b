"""Sources and folder structures of published datasets."""

from dataclasses import dataclass, field

_RESEARCH = "research use; rights remain with the image owners"


@dataclass(frozen=True)
class Split:
    """One split of a dataset.

    Globs are relative to the dataset's folder; `{scale}` stands for the
    requested scale. Files that are not images are ignored.

    Attributes:
        clean: globs of the ground truth.
        degraded: globs of the low-quality images, if they come as files.
        key: regular expression whose concatenated groups match between the
            two files of a pair.
        count: number of images, `None` if it differs between versions.
        reader: for MATLAB files, the name of the function in
            `kerasrestore.data.mat_files` that reads them.
    """

    clean: tuple = ()
    degraded: tuple = ()
    key: str | None = None
    count: int | None = None
    reader: str | None = None


@dataclass(frozen=True)
class Layout:
    """One published dataset.

    Attributes:
        name: its usual name.
        folder: its folder below the root of all datasets.
        origin: where to download it.
        licence: its terms of use in a few words.
        splits: its splits by name.
        channels: 1 for grayscale datasets.
    """

    name: str
    folder: str
    origin: str
    licence: str
    splits: dict = field(default_factory=dict)
    channels: int = 3


def _benchmark(name, count, origin, licence=_RESEARCH, channels=3):
    """A dataset of ground-truth images in one folder."""
    splits = {"test": Split(("*",), count=count)}
    return Layout(name, name, origin, licence, splits, channels)


def _div2k(part, count):
    return Split(
        (f"DIV2K_{part}_HR/*",),
        (f"DIV2K_{part}_LR_bicubic/X{{scale}}/*",),
        r"(\d{4})(?:x\d)?\.\w+$",
        count,
    )


def _realsr(part):
    folder = f"*/{part}/{{scale}}"
    return Split(
        (f"{folder}/*_HR.*",),
        (f"{folder}/*_LR{{scale}}.*",),
        r"^(.*)_(?:HR|LR\d)\.\w+$",
    )


_BSDS = "data/images/{}/*"
_FFDNET = "https://github.com/cszn/FFDNet, folder testsets"
_DNCNN = "https://github.com/cszn/DnCNN, folder testsets"
_EDSR = "https://cv.snu.ac.kr/research/EDSR/benchmark.tar, folder HR"

_ALL = (
    Layout(
        "DIV2K",
        "DIV2K",
        "https://data.vision.ee.ethz.ch/cvl/DIV2K",
        "academic research",
        {"train": _div2k("train", 800), "valid": _div2k("valid", 100)},
    ),
    Layout(
        "BSDS500",
        "BSDS500",
        "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping",
        "non-commercial research and education",
        {
            "train": Split((_BSDS.format("train"),), count=200),
            "val": Split((_BSDS.format("val"),), count=100),
            "test": Split((_BSDS.format("test"),), count=200),
            # The training set of DnCNN, NLRN and RNAN's Table 8.
            "bsd400": Split(
                (_BSDS.format("train"), _BSDS.format("test")), count=400
            ),
        },
    ),
    Layout(
        "SR291",
        "SR291",
        "the code of VDSR or LapSRN (91 images of Yang et al., 200 of BSDS)",
        _RESEARCH,
        {"train": Split(("*", "*/*"), count=291)},
    ),
    _benchmark("Set5", 5, _DNCNN),
    _benchmark("Set14", 14, _EDSR),
    _benchmark("B100", 100, _EDSR, "non-commercial research and education"),
    _benchmark("Set12", 12, _FFDNET, channels=1),
    _benchmark(
        "BSD68", 68, _FFDNET, "non-commercial research and education", 1
    ),
    _benchmark("CBSD68", 68, _FFDNET, "non-commercial research and education"),
    _benchmark("Kodak24", 24, "https://r0k.us/graphics/kodak", "unrestricted"),
    _benchmark(
        "McMaster",
        18,
        "https://www4.comp.polyu.edu.hk/~cslzhang/CDM_Dataset.htm",
    ),
    _benchmark("Urban100", 100, "https://github.com/jbhuang0604/SelfExSR"),
    _benchmark(
        "Manga109",
        109,
        "http://www.manga109.org (on request), one page of each title",
        "academic research",
    ),
    _benchmark(
        "LIVE1",
        29,
        "https://live.ece.utexas.edu/research/quality, folder refimgs",
    ),
    _benchmark("Classic5", 5, _DNCNN, channels=1),
    Layout(
        "SIDD",
        "SIDD",
        "https://www.eecs.yorku.ca/~kamel/sidd",
        "terms on its web site",
        {
            "medium": Split(
                ("SIDD_Medium_Srgb/Data/*/*_GT_SRGB_*",),
                ("SIDD_Medium_Srgb/Data/*/*_NOISY_SRGB_*",),
                r"^(.*)_(?:GT|NOISY)(_SRGB_\d+)\.\w+$",
                320,
            ),
            "validation": Split(count=1280, reader="sidd_validation"),
        },
    ),
    Layout(
        "DND",
        "dnd_2017",
        "https://noise.visinf.tu-darmstadt.de",
        "terms on its web site",
        {"test": Split(count=1000, reader="dnd")},
    ),
    Layout(
        "RealSR",
        "RealSR(V3)",
        "https://github.com/csjcai/RealSR",
        "academic research",
        {"train": _realsr("Train"), "test": _realsr("Test")},
    ),
)

LAYOUTS = {layout.name: layout for layout in _ALL}
