"""Validation of whole-number arguments."""

import operator


def whole_numbers(name, values, least=0):
    """Checks that all values are whole numbers.

    Args:
        name: name of the argument in error messages.
        values: iterable of numbers.
        least: smallest number allowed.

    Returns:
        Tuple of ints.

    Raises:
        ValueError: if a number is not whole or too small.

    Example:
    >>> whole_numbers("widths", [8, 16])
    (8, 16)
    """
    try:
        numbers = tuple(operator.index(value) for value in values)
    except TypeError:
        numbers = None
    if numbers is None or any(number < least for number in numbers):
        raise ValueError(
            f"{name} expects whole numbers >= {least}, got {values!r}."
        )
    return numbers


def whole_pair(name, value, least=0):
    """Checks a number for both axes, or a pair `(vertical, horizontal)`.

    Args:
        name: name of the argument in error messages.
        value: number or pair of numbers.
        least: smallest number allowed.

    Returns:
        Tuple of two ints.

    Raises:
        ValueError: if the value is anything else.

    Example:
    >>> whole_pair("strides", 2)
    (2, 2)
    """
    values = value if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2:
        raise ValueError(
            f"{name} must be a number or (vertical, horizontal), got {value!r}."
        )
    return whole_numbers(name, values, least)
