"""The network of a recipe, and the arguments that `--model` gives it."""

import argparse
import ast
import dataclasses
import inspect
import re

from kerasrestore import models

# Words that may stand without quotes.
WORD = re.compile(r"[A-Za-z_]\w*")
CONSTANTS = {"true": True, "false": False, "none": None}


@dataclasses.dataclass(frozen=True)
class Network:
    """A class of models, with constructor arguments from the command line.

    Args:
        name: name of the class in `kerasrestore.models`.
        arguments: dictionary of the arguments of `--model`.
        given: dictionary from constructor arguments to the option of their
            own, for those options that are on the command line.

    Example:
    >>> network = Network("PANet", {"levels": 1})
    >>> fixed = {"--task": ("task", "denoise")}
    >>> network.build(fixed, {"num_blocks": 2, "features": 8}).levels
    1
    """

    name: str | None
    arguments: dict
    given: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def from_command(cls, name, texts, given, renamed):
        """The network of a command line.

        Args:
            name: name of the class; `None` for recipes without `--model`.
            texts: list of what `--model` was given, or `None`.
            given: names of the recipe's own options that were given.
            renamed: dictionary from constructor arguments to such options,
                where these have other names.

        Raises:
            ValueError: as `parse_arguments`.
        """
        arguments = parse_arguments(name, texts) if texts else {}
        options = {key: renamed.get(key, key) for key in arguments}
        return cls(
            name,
            arguments,
            {
                key: "--" + option.replace("_", "-")
                for key, option in options.items()
                if option in given
            },
        )

    def build(self, fixed, own):
        """Builds the model.

        Args:
            fixed: dictionary from options, as the user knows them, to the
                constructor argument that depends on them and its value. These
                cannot be changed by `--model`; those that the class does not
                have are left out.
            own: dictionary of the arguments with an option of their own;
                `--model` overrides them unless the option was given. `None`
                stands for the constructor's default.

        Raises:
            ValueError: if `--model` contradicts other options, or the
                constructor rejects an argument.
        """
        model_class = getattr(models, self.name)
        known = inspect.signature(model_class).parameters
        values = {key: one for key, one in own.items() if one is not None}
        for option, (key, value) in fixed.items():
            if key in known:
                self._check(key, value, option)
            if key in known or key == "dtype":
                values[key] = value
        for key, option in self.given.items():
            if key in own:
                self._check(key, own[key], option)
        try:
            return model_class(**{**values, **self.arguments})
        except TypeError as error:
            # Constructors check the values of arguments, not all types.
            if not self.arguments:
                raise
            texts = ", ".join(map(describe_argument, self.arguments.items()))
            raise ValueError(
                f"{self.name} cannot be built with {texts} ({error}); change "
                "--model."
            ) from error

    def _check(self, key, value, option):
        if key not in self.arguments:
            return
        wanted = self.arguments[key]
        if _plain(wanted) != _plain(value):
            raise ValueError(
                f"--model {key}={wanted!r} contradicts {key}={value!r}, which "
                f"{option} sets; leave --model {key} out and use {option}."
            )


def parse_arguments(name, texts):
    """Reads the constructor arguments of `--model`.

    Args:
        name: name of the class in `kerasrestore.models`.
        texts: list of `NAME=VALUE`. The value is a Python literal; words need
            no quotes, a tuple no parentheses.

    Returns:
        Dictionary from names to values in alphabetical order, with lists for
        tuples as in JSON.

    Raises:
        ValueError: if an argument is unknown, occurs twice or has a value
            that cannot be read.

    Example:
    >>> parse_arguments("PANet", ["levels=3", "attention=pre,mid"])
    {'attention': ['pre', 'mid'], 'levels': 3}
    """
    known = {
        key: parameter.default
        for key, parameter in inspect.signature(
            getattr(models, name)
        ).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError(
                f"--model takes NAME=VALUE, got {text!r}; {name} has "
                f"{', '.join(sorted(known))}."
            )
        if key not in known:
            raise ValueError(
                f"{name} has no argument {key!r}; --model can set "
                f"{', '.join(sorted(known))}."
            )
        if key in found:
            raise ValueError(f"--model {key} is given twice; give one value.")
        found[key] = _literal(key, value)
        if isinstance(known[key], bool) and not isinstance(found[key], bool):
            raise ValueError(
                f"--model {key} must be True or False, got {value!r}."
            )
    return {key: found[key] for key in sorted(found)}


def given_options(parser, argv, names):
    """Names of the options that are on a command line.

    Args:
        parser: an `argparse.ArgumentParser`.
        argv: arguments; those of the process if `None`.
        names: names of options that are not lists.

    Returns:
        A set of names.

    Example:
    >>> import argparse
    >>> parser = argparse.ArgumentParser()
    >>> for name in ("--blocks", "--features"):
    ...     _ = parser.add_argument(name, default="8")
    >>> given_options(parser, ["--blocks", "8"], ("blocks", "features"))
    {'blocks'}
    """
    absent = object()
    # argparse sets defaults only where there is no attribute yet.
    found = parser.parse_args(
        argv, argparse.Namespace(**dict.fromkeys(names, absent))
    )
    return {name for name in names if getattr(found, name) is not absent}


def describe_argument(item):
    """`NAME=VALUE` of an argument and its value, as `--model` takes it."""
    name, value = item
    return f"{name}={value if isinstance(value, str) else repr(value)}"


def _literal(key, text):
    words = [word.strip() for word in text.split(",")]
    if text.strip().lower() in CONSTANTS:
        return CONSTANTS[text.strip().lower()]
    if all(map(WORD.fullmatch, words)):
        return words if len(words) > 1 else words[0]
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = object()  # rejected below
    if not _is_plain(value):
        raise ValueError(
            f"--model {key} must be a number, a word, True, False, None or "
            f"several of them separated by commas, got {text!r}."
        )
    return _plain(value)


def _is_plain(value):
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _plain(value):
    """A value as JSON has it."""
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value
