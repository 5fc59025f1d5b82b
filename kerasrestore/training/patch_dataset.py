"""Training patches as a Keras dataset."""

from concurrent.futures import ThreadPoolExecutor

import keras


class PatchDataset(keras.utils.PyDataset):
    """Batches `start` to `stop` of a `PatchSampler` for `Model.fit`.

    Two threads prefetch batches during training. The workers of Keras are
    not used: with JAX they drop the first batches, which `fit` reads to build
    the model.

    Attributes:
        error: exception raised while sampling a batch, or `None`. The
            backends replace it by exceptions of their own.
    """

    AHEAD = 4

    def __init__(self, sampler, start, stop, sigma_input):
        super().__init__()
        self.sampler = sampler
        self.start = start
        self.stop = stop
        self.sigma_input = sigma_input
        self.pool = ThreadPoolExecutor(2)
        self.drawn = {}
        self.error = None

    def __len__(self):
        return self.stop - self.start

    def __getitem__(self, index):
        for ahead in range(index, min(index + self.AHEAD, len(self))):
            if ahead not in self.drawn:
                self.drawn[ahead] = self.pool.submit(
                    self.sampler.batch, self.start + ahead
                )
        try:
            degraded, clean, sigma = self.drawn.pop(index).result()
        except Exception as error:
            self.error = error
            raise
        return self._arranged(degraded, clean, sigma)

    def first(self):
        """Samples the first batch again."""
        return self._arranged(*self.sampler.batch(self.start))

    def _arranged(self, degraded, clean, sigma):
        if self.sigma_input:
            return {"image": degraded, "sigma": sigma[:, None]}, clean
        return degraded, clean

    def parts(self, first, count, total):
        """Splits every batch for the replicas of one worker.

        Args:
            first: index of the worker's first part.
            count: number of the worker's parts per batch.
            total: number of parts per batch.

        Yields:
            Parts `first` to `first + count - 1` of each batch, in order.
        """
        for index in range(len(self)):
            batch = self[index]
            size = self.sampler.batch_size // total
            for part in range(first, first + count):
                here = slice(part * size, (part + 1) * size)
                yield keras.tree.map_structure(lambda x, h=here: x[h], batch)

    def close(self):
        """Stops the threads."""
        self.pool.shutdown(cancel_futures=True)
