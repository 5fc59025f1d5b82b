"""The other side of the bridge to tfmot: a process that has tf_keras alone.

`python -m kerasrestore.export.tfmot.worker FOLDER` reads what
`kerasrestore.export.tfmot.bridge` wrote into the folder, builds the same
network of tf_keras layers, proves that it gives the same pixels, compresses
and fine-tunes it, and writes the weights back. TF_USE_LEGACY_KERAS=1 has to be
set; Keras 3 is not imported.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras

from kerasrestore.data import PatchSampler
from kerasrestore.files import write_atomically
from kerasrestore.tasks import deserialize_task

clustering = tfmot.clustering.keras
quantization = tfmot.quantization.keras
sparsity = tfmot.sparsity.keras

# Largest difference between the network and its twin, on the [0, 1] scale.
TOLERANCE = 1e-5


class Operation(tf_keras.layers.Layer):
    """What Keras 3 keeps as an operation without weights."""

    def __init__(self, operation, argument, **kwargs):
        super().__init__(**kwargs)
        self.operation = operation
        self.argument = argument

    def call(self, x):
        if self.operation == "divide":
            return x / self.argument
        if self.operation == "reshape":
            return tf.reshape(x, self.argument)
        return getattr(tf.nn, self.operation)(x, self.argument)

    def get_config(self):
        return {
            **super().get_config(),
            "operation": self.operation,
            "argument": self.argument,
        }


class Unquantized(quantization.QuantizeConfig):
    """For layers that hand values on: their input is quantized already."""

    def get_weights_and_quantizers(self, layer):
        return []

    def get_activations_and_quantizers(self, layer):
        return []

    def set_quantize_weights(self, layer, quantize_weights):
        pass

    def set_quantize_activations(self, layer, quantize_activations):
        pass

    def get_output_quantizers(self, layer):
        return []

    def get_config(self):
        return {}


def build(plan, tile=None):
    """The network of the plan in tf_keras.

    Args:
        plan: what the bridge wrote.
        tile: `(height, width)` for a network of one fixed size and batch 1.
    """
    tensors = {}
    for name, shape in plan["inputs"].items():
        fixed = tile is not None
        tensors[name] = tf_keras.Input(
            [*tile, shape[-1]] if fixed and len(shape) == 3 else shape,
            batch_size=1 if fixed else None,
            name=name,
        )
    inputs = dict(tensors)
    for node in plan["nodes"]:
        kind = getattr(tf_keras.layers, node["kind"], Operation)
        sources = [tensors[name] for name in node["inputs"]]
        tensors[node["name"]] = kind(name=node["name"], **node["config"])(
            sources if len(sources) > 1 else sources[0]
        )
    return tf_keras.Model(inputs, tensors[plan["output"]])


def load(model, arrays):
    """Puts weights into layers by their names."""
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(
                [arrays[f"{layer.name}/{n}"] for n in range(len(layer.weights))]
            )


def prune(model, options, steps):
    # Half of the time for getting sparse, half for getting well again.
    schedule = sparsity.PolynomialDecay(
        initial_sparsity=0.0,
        final_sparsity=options["sparsity"],
        begin_step=0,
        end_step=max(1, steps // 2),
        frequency=max(1, steps // 50),
    )

    def wrap(layer):
        if isinstance(layer, tf_keras.layers.Conv2D):
            return sparsity.prune_low_magnitude(layer, schedule)
        return layer

    return tf_keras.models.clone_model(model, clone_function=wrap)


def cluster(model, options, steps):
    def wrap(layer):
        if isinstance(layer, tf_keras.layers.Conv2D):
            return clustering.cluster_weights(
                layer,
                number_of_clusters=options["clusters"],
                cluster_centroids_init=(
                    clustering.CentroidInitialization.KMEANS_PLUS_PLUS
                ),
            )
        return layer

    return tf_keras.models.clone_model(model, clone_function=wrap)


def quantize(model, options, steps):
    # The last sum is left in float, as the image has more than 8 bits.
    last = model.output_names[0]

    def annotate(layer):
        if isinstance(layer, tf_keras.layers.InputLayer) or layer.name == last:
            return layer
        if isinstance(layer, Operation):
            return quantization.quantize_annotate_layer(layer, Unquantized())
        return quantization.quantize_annotate_layer(layer)

    annotated = tf_keras.models.clone_model(model, clone_function=annotate)
    scope = {"Operation": Operation, "Unquantized": Unquantized}
    with quantization.quantize_scope(scope):
        return quantization.quantize_apply(annotated)


WRAP = {"prune": prune, "cluster": cluster, "quantize": quantize}


def log_mse(clean, restored):
    error = tf.reduce_mean(tf.square(clean - restored), axis=(1, 2, 3))
    return tf.math.log(error + 1e-5)


def fit(model, plan, folder):
    """Fine-tunes, from the last checkpoint on if there is one."""
    steps, every = plan["steps"], plan["save_every"]
    sampler = PatchSampler(
        plan["data"],
        deserialize_task(plan["task"]),
        channels=plan["channels"],
        **plan["sampler"],
    )
    model.compile(
        tf_keras.optimizers.Adam(
            tf_keras.optimizers.schedules.CosineDecay(
                plan["learning_rate"], steps
            ),
            global_clipnorm=3.0,
        ),
        log_mse,
    )
    model.optimizer.build(model.trainable_variables)
    done = tf.Variable(0, dtype=tf.int64)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(model=model, optimizer=model.optimizer, done=done),
        str(folder / "checkpoints"),
        max_to_keep=1,
    )
    manager.restore_or_initialize()
    sigma = "sigma" in plan["inputs"]
    callbacks = []
    if plan["method"] == "prune":
        callbacks = [sparsity.UpdatePruningStep()]
    while int(done) < steps:
        start = int(done)
        stop = min(steps, (start // every + 1) * every)
        batches = Batches(sampler, start, stop, sigma)
        history = model.fit(
            batches, shuffle=False, verbose=0, callbacks=callbacks
        )
        loss = history.history["loss"][-1]
        if not np.isfinite(loss):
            sys.exit(
                f"The loss became {loss} before step {stop}; use a lower "
                "learning rate."
            )
        done.assign(stop)
        manager.save()
        print(f"{plan['method']} {stop}/{steps} loss {loss:.4f}", flush=True)
    return model


class Batches(tf_keras.utils.Sequence):
    """Batches `start` to `stop` of a sampler."""

    def __init__(self, sampler, start, stop, sigma):
        self.sampler, self.start, self.stop = sampler, start, stop
        self.sigma = sigma

    def __len__(self):
        return self.stop - self.start

    def __getitem__(self, index):
        degraded, clean, strength = self.sampler.batch(self.start + index)
        inputs = {"image": degraded}
        if self.sigma:
            inputs["sigma"] = strength[:, None]
        return inputs, clean


def convert(model, plan):
    """The int8 `.tflite` of a quantization-aware twin."""
    tile = plan["tile"]
    fixed = WRAP["quantize"](build(plan, tile), {}, 0)
    fixed.set_weights(model.get_weights())
    specs = {"image": tf.TensorSpec((1, *tile, plan["channels"]), name="image")}
    if "sigma" in plan["inputs"]:
        specs["sigma"] = tf.TensorSpec((1,), name="sigma")

    def serve(**inputs):
        if "sigma" in inputs:
            inputs["sigma"] = tf.reshape(inputs["sigma"], (1, 1))
        return {"restored": fixed(inputs, training=False)}

    module = tf.Module()
    module.model = fixed
    module.serve = tf.function(serve).get_concrete_function(**specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.serve], module
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


def main(folder):
    folder = Path(folder)
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    with np.load(folder / "weights.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    model = build(plan)
    load(model, arrays)
    with np.load(folder / "check.npz", allow_pickle=False) as archive:
        check = dict(archive)
    wanted = check.pop("restored")
    difference = float(np.abs(model(check).numpy() - wanted).max())
    if not difference <= TOLERANCE:
        sys.exit(
            f"The tf_keras twin differs by {difference:.2g} on the [0, 1] "
            f"scale, more than {TOLERANCE:g}; this network cannot take the "
            "bridge."
        )
    wrapped = WRAP[plan["method"]](model, plan["options"], plan["steps"])
    wrapped = fit(wrapped, plan, folder)
    if plan["method"] == "quantize":
        data = convert(wrapped, plan)
        write_atomically(folder / "converted", lambda f: f.write(data))
        return
    strip = {
        "prune": sparsity.strip_pruning,
        "cluster": clustering.strip_clustering,
    }[plan["method"]]
    arrays = {
        f"{layer.name}/{number}": array
        for layer in strip(wrapped).layers
        for number, array in enumerate(layer.get_weights())
    }
    write_atomically(folder / "result.npz", lambda f: np.savez(f, **arrays))


if __name__ == "__main__":
    main(sys.argv[1])
