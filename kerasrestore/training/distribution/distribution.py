"""Training on several devices: what is shared out, and who writes."""

import contextlib

import keras

from kerasrestore.training.averaging import AveragingAdam


class Distribution:
    """One device, and what every way of using several of them has.

    Attributes:
        name: `"none"`, `"mirrored"`, `"multiworker"` or `"tpu"`.
        replicas: copies of the model; each takes its part of every batch.
        is_chief: whether this process writes files and shows progress.
    """

    def __init__(self, name="none", replicas=1, is_chief=True):
        self.name = name
        self.replicas = replicas
        self.is_chief = is_chief

    def scope(self):
        """Context in which models are built, compiled and trained."""
        return contextlib.nullcontext()

    def describe(self):
        """One line for a person."""
        if self.name == "none":
            return "one device"
        devices = "device" if self.replicas == 1 else "devices"
        return f"{self.replicas} {devices} of this machine, {self.name}"

    def adam(self, rate, **options):
        """Adam for models of this distribution."""
        return AveragingAdam(rate, **options)

    def prepare(self, model, batch_size):
        """Makes a model ready to be compiled and trained.

        Args:
            model: model that was built in the scope.
            batch_size: patches in a batch of all replicas together.

        Raises:
            ValueError: if model or batches cannot be shared out.
        """
        if batch_size % self.replicas:
            raise ValueError(
                f"A batch of {batch_size} patches cannot be shared out evenly "
                f"to {self.replicas} devices; make the batch size a multiple "
                f"of {self.replicas}."
            )
        copies = self._copies(model)
        if copies != self.replicas:
            raise ValueError(
                f"The model was built for {copies} devices and the training "
                f"is for {self.replicas}; build the model inside the scope "
                "of the distribution that fit is given."
            )

    def check_start(self, model, patches):
        """Raises ValueError if the replicas would not train as one.

        Args:
            model: compiled model.
            patches: `PatchDataset` that starts where the training goes on.
        """

    def run(self, model, patches, callbacks):
        """Trains on a `PatchDataset` and gives the mean loss."""
        history = model.fit(
            patches, shuffle=False, verbose=0, callbacks=callbacks
        )
        return history.history["loss"][-1]

    @staticmethod
    def _copies(model):
        if keras.backend.backend() == "tensorflow":
            return model.distribute_strategy.num_replicas_in_sync
        if keras.backend.backend() == "jax":
            return len(model.variables[0].value.sharding.device_set)
        return 1
