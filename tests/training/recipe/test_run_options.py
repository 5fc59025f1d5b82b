import argparse
import dataclasses

import pytest

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.run_options import RunOptions
from kerasrestore.training.recipe.settings import Settings

WHERE = {"--data": "a", "--validation": "b", "--out": "c"}


def recipe(**options):
    return Recipe(
        "train.py",
        "Trains a network.",
        {"denoise": "25", "super_resolution": "2"},
        lambda args, task: Settings(steps=100),
        lambda args, plan: None,
        options=lambda add: add("--width", type=int, default=8),
        **options,
    )


def parse(recipe, *words):
    where = [word for pair in WHERE.items() for word in pair]
    return recipe.plan([*where, *words])


def test_the_command_line_offers_every_option_with_its_default():
    plan = parse(recipe(photos=True))
    assert {field.name for field in dataclasses.fields(RunOptions)} <= set(
        plan.arguments
    )
    usual = RunOptions(out="c", validation="b", data="a", setting="25")
    assert plan.options == usual
    # The rest are the hyperparameters and the recipe's own.
    assert vars(plan.model_options) == {"width": 8}


def test_options_that_a_recipe_does_not_offer():
    plan = parse(recipe(starts=False))
    assert not {"start", "degraded", "validation_degraded"} & set(
        plan.arguments
    )
    assert plan.options.start is plan.options.validation_degraded is None


def test_a_missing_option_is_an_error():
    with pytest.raises(TypeError, match="validation"):
        RunOptions.from_args(argparse.Namespace(out="a"))


def test_given_hyperparameters_replace_the_papers():
    plan = parse(recipe(), "--batch-size", "2", "--warmup", "0")
    assert plan.settings == Settings(steps=100, batch_size=2)
    assert plan.arguments["batch_size"] == 2
    assert plan.defaults["batch_size"] == 16


def test_tasks_get_the_arguments_that_they_have():
    given = recipe(task_options={"pre_upsampled": True})
    assert parse(given).task.name == "denoise"
    assert parse(given, "--task", "super_resolution").task.scale == 1
