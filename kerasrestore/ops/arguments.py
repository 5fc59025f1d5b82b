"""Whole-number arguments, checked in one place."""

import operator


def whole_numbers(name, values, least=0):
    """Checks numbers that count something.

    Args:
        name: what a message calls them.
        values: iterable of numbers.
        least: smallest number allowed.

    Returns:
        Tuple of ints.

    Raises:
        ValueError: if one is not whole or too small.

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
            f"{name} counts in whole numbers from {least} on, got {values!r}."
        )
    return numbers


def whole_pair(name, value, least=0):
    """Checks one number for both axes, or `(vertical, horizontal)`.

    Args:
        name: what a message calls it.
        value: number or pair of numbers.
        least: smallest number allowed.

    Returns:
        Tuple of two ints.

    Raises:
        ValueError: if it is anything else.

    Example:
    >>> whole_pair("strides", 2)
    (2, 2)
    """
    values = value if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2:
        raise ValueError(
            f"{name} is a number or (vertical, horizontal), got {value!r}."
        )
    return whole_numbers(name, values, least)
