"""Evaluation reports: table, JSON and CSV."""

import csv
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kerasrestore.evaluation.paper_results import rows_for
from kerasrestore.version import __version__


@dataclass
class Report:
    """Results of one restorer on one set at one setting.

    Attributes:
        restorer: name of the preset or model.
        task: name of the task.
        setting: degradation strength: sigma on the 0..255 scale, JPEG quality
            or scale factor; `None` for tasks without one.
        degradation: how the images were degraded, such as `"gaussian"` or
            `"camera"`.
        dataset: name of the folder.
        protocol: evaluation protocol: `"rgb"`, `"gray"` or `"y_shave2"`, for
            example; suffix of the metrics' names.
        gray: whether the evaluation was on gray images.
        tile: tile size, as in `ImageRestorer.restore`.
        overlap: context around each tile, as in `ImageRestorer.restore`.
        ensemble: whether the x8 self-ensemble was used.
        seed: seed of the degradation.
        quantize_input: whether the noisy images were clipped and rounded to
            8 bits; results of the two protocols are not comparable.
        published: whether published results use this degradation.
        images: one dictionary per image: `name` and its metrics.
        failed: one dictionary per image that could not be evaluated: `name`
            and `error`.
    """

    restorer: str
    task: str
    setting: float | None
    dataset: str
    degradation: str = ""
    protocol: str = "rgb"
    gray: bool = False
    tile: int | str | tuple | None = "auto"
    overlap: int | str = "auto"
    ensemble: bool = False
    seed: int = 0
    quantize_input: bool = False
    published: bool = True
    images: list = field(default_factory=list)
    failed: list = field(default_factory=list)

    @property
    def restore_options(self):
        """Arguments of `restore` that the results depend on."""
        return {
            "tile": self.tile,
            "overlap": self.overlap,
            "ensemble": self.ensemble,
        }

    @property
    def mean(self):
        """Mean of every metric over the images."""
        if not self.images:
            return {}
        names = [name for name in self.images[0] if name != "name"]
        return {
            name: math.fsum(image[name] for image in self.images)
            / len(self.images)
            for name in names
        }

    def to_json(self):
        """The report as JSON text; an infinite PSNR becomes null."""
        value = {"mean": self.mean, **asdict(self), "version": __version__}
        return json.dumps(_finite(value), indent=1)

    def append_csv(self, path):
        """Appends one line per image to a CSV file.

        Args:
            path: CSV file, created with a header if it does not exist.

        Raises:
            ValueError: if the file has different columns.
        """
        path = Path(path)
        common = {
            "restorer": self.restorer,
            "task": self.task,
            "setting": self.setting,
            "degradation": self.degradation,
            "dataset": self.dataset,
            "protocol": self.protocol,
            "gray": self.gray,
            **self.restore_options,
            "seed": self.seed,
            "quantize_input": self.quantize_input,
            "version": __version__,
        }
        rows = [
            {**common, "image": image["name"]}
            | {
                key.removesuffix(f"_{self.protocol}"): f"{value:.6f}"
                for key, value in image.items()
                if key != "name"
            }
            for image in self.images
        ]
        if not rows:
            return
        header = list(rows[0])
        new = not path.exists() or path.stat().st_size == 0
        if not new:
            # Undecodable bytes cannot match our header, so replace them.
            with open(
                path, newline="", encoding="utf-8", errors="replace"
            ) as file:
                before = next(csv.reader(file), [])
            if before != header:
                raise ValueError(
                    f"{path} has different columns ({', '.join(before)}); "
                    "choose another file."
                )
        with open(path, "a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header)
            if new:
                writer.writeheader()
            writer.writerows(rows)

    def table(self, paper=None):
        """Plain-text table of these results and published ones on the set.

        Args:
            paper: table to take all published results from, such as
                `"panet:1"`; all known results if `None`.

        Returns:
            The table, a string of several lines.

        Raises:
            ValueError: if the table of the paper is unknown.
        """
        setting = "" if self.setting is None else f", setting {self.setting:g}"
        lines = [
            f"{self.task}{setting}{self._degradation()}, {self.dataset}, "
            f"{len(self.images)} images, {self.protocol.replace('_', ', ')}"
            + (", input clipped and rounded" if self.quantize_input else "")
            + self._unusual()
        ]
        rows = [("method", "PSNR", "SSIM", "source")]
        method = self.restorer + (" x8" if self.ensemble else "")
        for name, prefix in (("degraded input", "input_"), (method, "")):
            figures = [
                self.mean.get(f"{prefix}{metric}_{self.protocol}")
                for metric in ("psnr", "ssim")
            ]
            if None not in figures:
                psnr, ssim = figures
                rows.append((name, f"{psnr:.2f}", f"{ssim:.4f}", "measured"))
        channels = "y" if self.protocol.startswith("y") else "color"
        published = (
            rows_for(
                self.task,
                self.dataset,
                self.setting,
                "gray" if self.gray else channels,
                paper,
            )
            if self.published
            else []
        )
        for row in published:
            method = row.method + (f" ({row.training})" if row.training else "")
            ssim = "" if row.ssim is None else f"{row.ssim:.4f}"
            source = row.source + (f" ({row.note})" if row.note else "")
            rows.append((method, f"{row.psnr:.2f}", ssim, source))
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        for method, psnr, ssim, source in rows:
            lines.append(
                f"{method:<{widths[0]}}  {psnr:>{widths[1]}}  "
                f"{ssim:>{widths[2]}}  {source}"
            )
        return "\n".join(lines)

    def _degradation(self):
        if self.degradation in ("", self.task):
            return ""
        return f", {self.degradation}"

    def _unusual(self):
        usual = {"tile": "auto", "overlap": "auto", "seed": 0}
        return "".join(
            f", {name} {getattr(self, name)}"
            for name, value in usual.items()
            if getattr(self, name) != value
        )


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
