"""Patches of a sampler, made by threads of the host ahead of training."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np


class HostPatches:
    """Batches of a sampler for a training loop, prefetched by two threads.

    Args:
        sampler: `kerasrestore.data.PatchSampler` or another with its `batch`.
        stop: number of steps of the whole training.
    """

    AHEAD = 4

    def __init__(self, sampler, stop):
        self.sampler = sampler
        self.stop = stop
        self.pool = ThreadPoolExecutor(2)
        self.drawn = {}

    def resident(self, step):
        """Nothing is kept on the device."""
        return ()

    def until(self, step):
        """The first step with other resident arrays: there is none."""
        return math.inf

    def chunk(self, start, stop):
        """The batches of the steps `start` to `stop`, stacked.

        Returns:
            Tuple of arrays `(steps, batch, ...)`: degraded patches, clean
            patches, strengths.
        """
        ahead = max(self.AHEAD, 2 * (stop - start))
        for step in range(start, min(start + ahead, self.stop)):
            if step not in self.drawn:
                self.drawn[step] = self.pool.submit(self.sampler.batch, step)
        batches = [self.drawn.pop(step).result() for step in range(start, stop)]
        if len(batches) == 1:
            return tuple(array[None] for array in batches[0])
        return tuple(map(np.stack, zip(*batches, strict=True)))

    def make(self, resident, batch, share):
        """The batch of a step, in a compiled function: it is there."""
        return batch

    def close(self):
        """Stops the threads."""
        self.pool.shutdown(cancel_futures=True)
