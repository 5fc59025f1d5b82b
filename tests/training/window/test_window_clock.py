import pytest

from kerasrestore.training.window.window_clock import Pace, WindowClock


class Time:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


def test_validations_every_minute_or_more_often(time):
    clock = WindowClock(1800, reserve=0, now=time)
    assert clock.validate_every(0.01, at_once=100) == 6000
    # A short loan has validations too, and a slow machine takes some steps.
    assert WindowClock(120, reserve=0, now=time).validate_every(0.01, 100) == (
        1000
    )
    assert clock.validate_every(step_seconds=7.0, at_once=100) == 100


def test_the_decay_begins_with_its_share_of_the_training(time):
    clock = WindowClock(220, decay_share=0.4, reserve=20, now=time)
    time.now = 100.0
    clock.begin_training()
    # It lasts from 100 to 200; validations are at 150, 158 and 166.
    for now, wanted in ((150.0, False), (155.9, False), (156.1, True)):
        time.now = now
        assert clock.is_time_to_decay(interval=8.0) is wanted


@pytest.mark.parametrize("left", [0.5, 7.0, 30.0, 61.0, 1234.5])
@pytest.mark.parametrize("validation", [0.0, 3.0])
def test_the_steps_that_fit(time, left, validation):
    pace = Pace(10.0 + validation, 1000, validation, at_once=10)
    assert pace.step == pytest.approx(0.01)
    clock = WindowClock(left + 5, margin=0.1, reserve=0, now=time)
    steps = clock.steps_that_fit(pace, restart=5.0)
    assert steps % 10 == 0

    def seconds(steps):
        return steps * pace.step + -(-steps // 1000) * validation

    assert seconds(steps) <= left * 0.9 + 1e-6
    # No call more would fit.
    assert not steps or seconds(steps + 10) > left * 0.9 - 1e-6


def test_no_time_is_left(time):
    clock = WindowClock(10, reserve=0, now=time)
    pace = Pace(10.0, every=1000, validation=0.0, at_once=10)
    assert clock.has_time_for(10.0) and not clock.has_time_for(10.1)
    time.now = 20.0
    assert clock.steps_that_fit(pace, restart=5.0) == 0
    assert clock.validate_every(0.01, at_once=10) == 10
