"""Banks that are replaced after a few steps of a small training."""

import contextlib

from kerasrestore.training.patches.streamed_banks import StreamedBanks

# Two regions of 111x111 in colour, which hold patches of 16.
SIZE = 2 * 111**2 * 3
STEPS = 3


@contextlib.contextmanager
def short_banks(batch_size=2):
    """Banks of `SIZE` bytes are used for `STEPS` steps."""
    before = StreamedBanks.PATCHES, StreamedBanks.MULTIPLE
    StreamedBanks.PATCHES, StreamedBanks.MULTIPLE = STEPS * batch_size / 2, 1
    try:
        yield
    finally:
        StreamedBanks.PATCHES, StreamedBanks.MULTIPLE = before
