"""Training patches as a Keras dataset."""

from concurrent.futures import ThreadPoolExecutor

import keras


class PatchDataset(keras.utils.PyDataset):
    """Batches `start` to `stop` of a `PatchSampler` for `Model.fit`.

    Two threads draw ahead while the model trains. Keras' own workers are not
    used: under JAX the first batches that `fit` looks at to build itself are
    lost to them.

    Attributes:
        error: what drawing a batch raised, or `None`. The backends put
            errors of their own in its place.
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
        """The first batch, drawn anew."""
        return self._arranged(*self.sampler.batch(self.start))

    def _arranged(self, degraded, clean, sigma):
        if self.sigma_input:
            return {"image": degraded, "sigma": sigma[:, None]}, clean
        return degraded, clean

    def parts(self, first, count, total):
        """Equal parts of every batch, for some of all replicas.

        Args:
            first: number of the first part.
            count: parts of each batch.
            total: parts that a batch is divided into.

        Yields:
            Part `first` of the first batch, then the next part of it, and so
            on to the last part of the last batch.
        """
        for index in range(len(self)):
            batch = self[index]
            size = self.sampler.batch_size // total
            for part in range(first, first + count):
                here = slice(part * size, (part + 1) * size)
                yield keras.tree.map_structure(lambda x, h=here: x[h], batch)

    def close(self):
        """Ends the threads."""
        self.pool.shutdown(cancel_futures=True)
