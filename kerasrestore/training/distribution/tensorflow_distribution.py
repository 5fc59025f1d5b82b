"""Synchronous replicas under tf.distribute."""

import contextlib
import functools
import json
import os

import keras
import tensorflow as tf

from kerasrestore.keras_internals import all_layers
from kerasrestore.training.distribution.distribution import Distribution
from kerasrestore.training.distribution.replica_adam import ReplicaAdam

# What a step raises in the workers that are left when one is gone.
LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


class TensorFlowDistribution(Distribution):
    """Replicas of a model under a `tf.distribute.Strategy`.

    `Model.fit` of Keras 3.15 is not used: it deals whole batches out to the
    workers, so that none trains on the batch of its step, and with several
    workers it averages scalars along an axis that they do not have.

    Args:
        name: `"mirrored"`, `"multiworker"` or `"tpu"`.
        strategy: a synchronous `tf.distribute.Strategy`.
        worker: number of this process.
        workers: number of processes.
    """

    def __init__(self, name, strategy, worker=0, workers=1):
        super().__init__(name, strategy.num_replicas_in_sync, worker == 0)
        self.strategy = strategy
        self.worker = worker
        self.workers = workers
        self._step = None

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
        if self.replicas > 1 and model.dtype_policy.name == "mixed_float16":
            # Keras has every replica judge by its own part of the gradient
            # whether the step is to be left out, so that they fall apart.
            raise ValueError(
                "mixed_float16 cannot be trained on several devices under "
                "TensorFlow; use mixed_bfloat16 or float32."
            )
        for layer in all_layers(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                # Of the whole batch, not of each replica's part.
                layer.synchronized = self.replicas > 1
        # Its graph would be that of another model or optimizer.
        self._step = None

    def check_start(self, model, patches):
        if self.workers > 1:
            with self._watch():
                self._check_steps(patches.start)
        if type(model).compute_loss is not keras.Model.compute_loss:
            self._check_loss(model, *patches.first())

    def _check_steps(self, step):
        @tf.function
        def total():
            steps = self.strategy.run(lambda: tf.constant(step, tf.int64))
            return self.strategy.reduce("SUM", steps, axis=None)

        if int(total()) != step * self.replicas:
            raise ValueError(
                f"This worker would go on from step {step} and others from "
                "another; give all the same output folder, on a disk that "
                "all of them see."
            )

    def _check_loss(self, model, inputs, clean):
        """A replica's loss has to be its share of the sum over replicas.

        Losses of `keras.losses` see to that, other arithmetic does not, and
        would be trained at a rate that depends on the number of devices.
        """
        losses = []
        for scope in (contextlib.nullcontext(), self.scope()):
            # Figures that the model keeps on the way stay as they are.
            with scope, keras.StatelessScope():
                restored = model(inputs, training=False)
                loss = model.compute_loss(inputs, clean, restored)
                losses.append(float(loss))
        whole, share = losses
        if abs(share * self.replicas - whole) > 1e-3 * abs(whole):
            raise ValueError(
                f"The compute_loss of {type(model).__name__} is not shared "
                f"out to {self.replicas} devices; make it of losses of "
                "keras.losses."
            )

    def run(self, model, patches, callbacks):
        with self.scope(), self._watch():
            if self._step is None:
                self._step = self._make_step(model)
            iterator = iter(self._feed(patches))
            for callback in callbacks:
                callback.set_model(model)
            model.stop_training = False
            model.reset_metrics()
            for index in range(len(patches)):
                loss = self._step(iterator)
                for callback in callbacks:
                    callback.on_train_batch_end(index, {"loss": loss})
                if model.stop_training:
                    break
            loss = float(loss)
        return loss

    def _make_step(self, model):
        @tf.function
        def step(iterator):
            logs = self.strategy.run(model.train_step, (next(iterator),))
            # All replicas have seen equally many patches.
            return self.strategy.reduce("MEAN", logs["loss"], axis=None)

        return step

    def _feed(self, patches):
        """Every replica's part of every batch, in the sampler's order."""
        spec = keras.tree.map_structure(
            lambda array: tf.TensorSpec(
                (len(array) // self.replicas, *array.shape[1:]), array.dtype
            ),
            patches.first(),
        )

        def make(context):
            local = self.replicas // context.num_input_pipelines
            first = context.input_pipeline_id * local
            return tf.data.Dataset.from_generator(
                lambda: patches.parts(first, local, self.replicas),
                output_signature=spec,
            ).prefetch(2 * local)

        return self.strategy.distribute_datasets_from_function(make)

    @contextlib.contextmanager
    def _watch(self):
        try:
            yield
        except LOST as error:
            if self.workers == 1:
                raise
            raise ConnectionError(
                "Another worker of the training is gone "
                f"({type(error).__name__}); start all of them again with the "
                "same command to go on from the last checkpoint."
            ) from error


def devices():
    """Names of the devices of this machine that models are trained on."""
    found = tf.config.list_logical_devices("GPU")
    found = found or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


@functools.cache
def open_strategy(name):
    """The `TensorFlowDistribution` of that name, one in a process.

    The messages of a second strategy would bear the numbers of the first
    one's, and TensorFlow would mix them up.
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
                f"The workers cannot be connected ({error}); open the "
                "distribution before anything is computed."
            ) from error
        return TensorFlowDistribution(name, strategy, worker, workers)
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"There is no TPU to be used ({error}); set TPU_NAME on a "
            "machine that has one, or choose another strategy."
        ) from error
    return TensorFlowDistribution(name, tf.distribute.TPUStrategy(resolver))


def _place():
    """Number of this process and of all, from `TF_CONFIG`."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        if not cluster.keys() <= {"chief", "worker"}:
            raise ValueError("Only workers are of use here.")
        places = [
            (kind, index)
            for kind in ("chief", "worker")
            for index in range(len(cluster.get(kind, ())))
        ]
        place = places.index((task["type"], int(task["index"])))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            'TF_CONFIG is to be like {"cluster": {"worker": ["host:port", '
            '"host:port"]}, "task": {"type": "worker", "index": 0}}, got '
            f"{text!r}; set it in every process."
        ) from error
    return place, len(places)
