"""The longest training that fits into a loan of an accelerator."""

import math
import statistics
from pathlib import Path

import keras

from kerasrestore.training.window.brought_back import BroughtBack
from kerasrestore.training.window.self_check import (
    devices,
    matrix_rate,
    time_steps,
    versions,
)
from kerasrestore.training.window.window_clock import Pace
from kerasrestore.training.window.window_report import WindowReport

# More than any loan has time for, and exact in float32.
ENDLESS = 10_000_000
OTHER = {"float32": "mixed_bfloat16"}


class TrainingWindow:
    """Trains with a recipe until the time is up.

    The training is a run of the recipe. It begins without an end, at a
    constant learning rate, which measures its speed. When a share of the time
    is left, it is resumed with the number of steps that still fit, over which
    the rate falls to zero. The result is that of the recipe with these
    `--steps` and `--decay`: the clock has only chosen them.

    If the machine becomes slower than the margin of the clock allows, training
    ends early, with what is left of the learning rate. The best weights so far
    are in `out` at any time.

    Args:
        recipe: the `Recipe`.
        words: its arguments without `--out`, `--steps`, `--schedule`,
            `--decay` and `--validate-every`.
        clock: `WindowClock`, which has begun.
        out: folder for what comes back: the best weights, log, record and
            report.
        scratch: folder for the training run with its checkpoint.
        say: function that prints a line.
    """

    def __init__(self, recipe, words, clock, out, scratch, say=print):
        self.recipe = recipe
        self.name = Path(recipe.file).name
        self.words = words
        self.clock = clock
        # The record of the run names its folder.
        self.run_folder = Path(scratch) / Path(out).name
        if self.run_folder.exists():
            raise ValueError(
                f"{self.run_folder} holds a training run already; give a new "
                "folder for --scratch."
            )
        self.back = BroughtBack(out, self.run_folder)
        self.report = WindowReport()
        self.output = say
        self.pace = None
        self.sampler = None
        self.validation = None
        self.validation_seconds = 0.0

    def run(self):
        """Checks the machine, trains, and reports.

        Returns:
            The `WindowReport`, which is in `out` too.

        Raises:
            ValueError: if an argument is wrong or time is too short.
            FloatingPointError: as `fit`.
        """
        self._check()
        every = self.clock.validate_every(self.pace.step, self.pace.at_once)
        self.say(f"validation and weights every {every:,} steps")
        self.words += ["--validate-every", str(every), "--quiet"]
        flat = _Leg(self, every, steps=None)
        self.clock.begin_training()
        self._train(flat, ENDLESS, decay=0)
        # Resuming compiles anew, as the schedule is part of the step.
        restart = flat.setup + self.report.steps[-1].compilation
        decay = self.clock.steps_that_fit(self.pace, restart)
        last = flat
        if decay:
            steps = flat.step + decay
            self.say(
                f"the learning rate falls from now on, until step {steps:,}"
            )
            last = _Leg(self, every, steps)
            self._train(last, steps, decay)
        self._finish(last)
        return self.report

    def say(self, text):
        """Prints a line with the time since the loan began."""
        seconds = self.clock.elapsed()
        minutes, seconds = divmod(int(seconds), 60)
        self.output(f"[{minutes:02}:{seconds:02}] {text}")

    def _plan(self, *words):
        out = ["--out", str(self.run_folder)]
        return self.recipe.plan([*self.words, *out, *words])

    def _endless(self, *words):
        return self._plan(*_length(ENDLESS, 0), *words)

    def _check(self):
        report = self.report
        report.versions, report.devices = versions(), devices()
        for name, text in report.versions.items():
            self.say(f"{name} {text}")
        self.say(f"devices: {', '.join(report.devices)}")
        plan = self._endless()
        self.sampler = plan.sampler()
        self.say(
            f"{len(self.sampler.sampler.files)} training images on the device"
            if plan.options.patches == "device"
            else "patches are made on the host"
        )
        own = plan.options.dtype
        other = OTHER.get(own, "float32")
        for dtype in (own, other):
            kind = keras.DTypePolicy(dtype).compute_dtype
            rate, side = matrix_rate(kind)
            report.matrix_rates[kind] = rate
            self.say(
                f"matrices of {side}x{side}, {kind}: {rate / 1e12:.3g} TFLOP/s"
            )
        once = self._endless("--dtype", other, "--steps-per-execution", "1")
        taken, _ = time_steps(once, self.sampler, calls=1)
        self.say(f"a step in {taken}")
        report.steps.append(taken)
        taken, restorer = time_steps(plan, self.sampler)
        self.say(f"the plan's steps in {taken}")
        report.steps.append(taken)
        at_once = plan.options.steps_per_execution
        self.pace = Pace(taken.step * at_once, at_once, 0.0, at_once)
        self.validation = plan.validation(keep=True)
        report.start = self.validate(restorer)
        self.say(f"before training: {_figures(report.start)}")

    def validate(self, model):
        """Validates a model and keeps the time it takes."""
        begun = self.clock.now()
        figures = self.validation(model)
        self.validation_seconds = self.clock.now() - begun
        return figures

    def _train(self, leg, steps, decay):
        plan = self._plan(*_length(steps, decay))
        plan.run(
            self.name,
            sampler=self.sampler,
            validate=self.validate,
            stop_when=leg.after,
        )
        leg.close()

    def _finish(self, last):
        from kerasrestore.training.recipe.load_run import load_run

        report = self.report
        report.training_steps = last.step
        report.rate_left = last.rate / self._endless().settings.learning_rate
        report.step_seconds = self.pace.step
        report.seconds_per_step = self.pace.interval / self.pace.every
        if report.rate_left:
            self.say(
                f"not annealed: the learning rate ended at "
                f"{report.rate_left:.0%} of its peak"
            )
        # What has come back is measured, not what was trained.
        model, _ = load_run(self.back.out)
        report.end = self.validate(model)
        report.write(self.back.out)
        for line in report.lines():
            self.say(line)
        for name in self.back.too_large():
            self.say(f"{name} is larger than 16 MiB")


class _Leg:
    """A part of the training, between two starts of `fit`.

    Args:
        window: the `TrainingWindow`.
        every: steps between validations.
        steps: step at which it ends, `None` if the clock says so.
    """

    def __init__(self, window, every, steps):
        self.window = window
        self.clock = window.clock
        self.every = every
        self.steps = steps
        self.begun = self.clock.now()
        self.times = []
        self.step = 0
        self.rate = math.nan

    @property
    def interval(self):
        """Seconds from one validation to the next."""
        if len(self.times) > 1:
            # The last ones, as the machine may have become slower; it may
            # also have stood still for a moment.
            return statistics.median(self.times[1:][-3:])
        window = self.window
        return self.every * window.pace.step + window.validation_seconds

    @property
    def setup(self):
        """Seconds until the first step."""
        return max(0.0, self.times[0] - self.interval)

    def after(self, step, figures):
        """Decides after a validation whether the leg ends."""
        window, clock = self.window, self.clock
        self.times.append(clock.now() - self.begun - sum(self.times))
        self.step, self.rate = step, figures["learning_rate"]
        window.back.update(step if self.steps is None else None)
        of = "" if self.steps is None else f"/{self.steps:,}"
        window.say(
            f"{step:,}{of} {_figures(figures)}, "
            f"{self.every / self.interval:,.1f} steps a second"
        )
        if self.steps is None and clock.is_time_to_decay(self.interval):
            return True
        left = 1.0
        if self.steps is not None:
            left = min(1.0, (self.steps - step) / self.every)
        return not clock.has_time_for(left * self.interval)

    def close(self):
        """Keeps the pace for the next leg."""
        if len(self.times) > 1:
            window = self.window
            window.pace = Pace(
                self.interval,
                self.every,
                min(window.validation_seconds, self.interval),
                window.pace.at_once,
            )


def _length(steps, decay):
    return [
        "--schedule",
        "trapezoid",
        "--steps",
        str(steps),
        "--decay",
        str(decay),
    ]


def _figures(figures):
    names = ("loss", "learning_rate")
    return ", ".join(
        f"{name} {value:.5g}"
        for name, value in figures.items()
        if name in names or name.startswith(("psnr", "worst"))
    )
