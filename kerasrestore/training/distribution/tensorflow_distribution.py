"""Synchronous replicas with tf.distribute."""

import contextlib
import functools
import json
import os

import keras
import tensorflow as tf

from kerasrestore.keras_internals import all_layers
from kerasrestore.training.distribution.distribution import Distribution
from kerasrestore.training.distribution.replica_adam import ReplicaAdam
from kerasrestore.training.loop.micro_batches import (
    check_mean_loss,
    has_batch_normalisation,
)
from kerasrestore.training.loop.model_data import model_data
from kerasrestore.training.loop.tensorflow_steps import TensorFlowSteps

# Raised by a step in the remaining workers when one is lost.
LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


class TensorFlowDistribution(Distribution):
    """Model replicas in a `tf.distribute.Strategy`.

    Args:
        name: `"mirrored"`, `"multiworker"` or `"tpu"`.
        strategy: a synchronous `tf.distribute.Strategy`.
        worker: index of this process.
        workers: number of processes.
    """

    def __init__(self, name, strategy, worker=0, workers=1):
        super().__init__(name, strategy.num_replicas_in_sync, worker == 0)
        self.strategy = strategy
        self.worker = worker
        self.workers = workers

    def scope(self):
        return self.strategy.scope()

    def describe(self):
        if self.workers == 1:
            return super().describe()
        return (
            f"worker {self.worker + 1} of {self.workers}, "
            f"{self.replicas} devices in all, {self.name}"
        )

    def adam(self, rate, **options):
        return ReplicaAdam(rate, **options)

    def prepare(self, model, batch_size):
        super().prepare(model, batch_size)
        if self.name == "tpu" and batch_size % self.replicas:
            raise ValueError(
                f"A batch of {batch_size} patches cannot be split evenly "
                f"across {self.replicas} devices, and those of a TPU all run "
                "the same program; use a batch size that is a multiple of "
                f"{self.replicas}."
            )
        if batch_size < self.replicas and has_batch_normalisation(model):
            raise ValueError(
                "The model has batch normalisation, whose statistics a device "
                f"without patches would change, and there are {batch_size} "
                f"patches for {self.replicas} devices; use a batch size of at "
                f"least {self.replicas}."
            )
        if self.replicas > 1 and model.dtype_policy.name == "mixed_float16":
            # In Keras every replica decides from its own gradient whether to
            # skip the step, so the replicas would diverge.
            raise ValueError(
                "mixed_float16 is not supported on several devices with "
                "TensorFlow; use mixed_bfloat16 or float32."
            )
        for layer in all_layers(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                # Statistics of the whole batch, not of each replica's part.
                layer.synchronized = self.replicas > 1

    def check_start(self, model, sampler, step):
        if self.workers > 1:
            with self.watch():
                self._check_steps(step)
        if sampler.batch_size % self.replicas:
            check_mean_loss(model, sampler, step)
        if type(model).compute_loss is not keras.Model.compute_loss:
            batch = sampler.batch(step)
            self._check_loss(model, *model_data(batch, model.sigma_input))

    def _check_steps(self, step):
        @tf.function
        def total():
            steps = self.strategy.run(lambda: tf.constant(step, tf.int64))
            return self.strategy.reduce("SUM", steps, axis=None)

        if int(total()) != step * self.replicas:
            raise ValueError(
                f"This worker would resume from step {step} and others from "
                "a different step; use the same output folder for all, on a "
                "shared disk."
            )

    def _check_loss(self, model, inputs, clean):
        """Checks that the replica losses add up to the loss of the batch.

        `keras.losses` divide by the number of replicas. A loss that does not
        would scale the gradient by the number of devices.
        """
        losses = []
        for scope in (contextlib.nullcontext(), self.scope()):
            # Leave the model's metrics and other state unchanged.
            with scope, keras.StatelessScope():
                restored = model(inputs, training=False)
                loss = model.compute_loss(inputs, clean, restored)
                losses.append(float(loss))
        whole, share = losses
        if abs(share * self.replicas - whole) > 1e-3 * abs(whole):
            raise ValueError(
                f"The compute_loss of {type(model).__name__} is not scaled for "
                f"{self.replicas} devices; build it from keras.losses."
            )

    def compiled_steps(self, model, patches, batch_size, accumulate=1):
        return TensorFlowSteps(
            model, patches, batch_size, self.strategy, accumulate
        )

    @contextlib.contextmanager
    def watch(self):
        try:
            with self.scope():
                yield
        except LOST as error:
            if self.workers == 1:
                raise
            raise ConnectionError(
                f"Lost another worker ({type(error).__name__}); restart all "
                "workers with the same command to resume from the last "
                "checkpoint."
            ) from error


def devices():
    """Names of the devices on this machine to train on."""
    found = tf.config.list_logical_devices("GPU")
    found = found or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


@functools.cache
def open_strategy(name):
    """The `TensorFlowDistribution` with that name, created once per process.

    The collectives of a second strategy would reuse the keys of the first,
    which TensorFlow does not support.
    """
    if name == "mirrored":
        strategy = tf.distribute.MirroredStrategy(devices())
        return TensorFlowDistribution(name, strategy)
    if name == "multiworker":
        worker, workers = _place()
        try:
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            raise ValueError(
                f"Cannot connect the workers ({error}); call "
                "open_distribution before any other computation."
            ) from error
        return TensorFlowDistribution(name, strategy, worker, workers)
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"No TPU available ({error}); set TPU_NAME on a machine that has "
            "one, or choose another strategy."
        ) from error
    return TensorFlowDistribution(name, tf.distribute.TPUStrategy(resolver))


def _place():
    """Index of this process and number of processes, from `TF_CONFIG`."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        if not cluster.keys() <= {"chief", "worker"}:
            raise ValueError("Only chief and worker tasks are supported.")
        places = [
            (kind, index)
            for kind in ("chief", "worker")
            for index in range(len(cluster.get(kind, ())))
        ]
        place = places.index((task["type"], int(task["index"])))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            'TF_CONFIG must look like {"cluster": {"worker": ["host:port", '
            '"host:port"]}, "task": {"type": "worker", "index": 0}}, got '
            f"{text!r}; set it in every process."
        ) from error
    return place, len(places)
