"""Quoting files and libraries in messages."""

# Characters that are quoted at most.
LONGEST = 200


def one_line(text):
    """What a file or a library says, for messages: on one line, without what
    could steer a terminal, and shortened.

    Args:
        text: anything with a text, such as an exception.

    Example:
    >>> one_line("a\\x1b[31m\\n b ")
    'a?[31m b'
    """
    words = " ".join(str(text).split())
    shown = "".join(c if c.isprintable() else "?" for c in words)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."


def reason(error):
    """What an exception says on one line, or else its class.

    Example:
    >>> reason(EOFError())
    'EOFError'
    """
    return one_line(error) or type(error).__name__
