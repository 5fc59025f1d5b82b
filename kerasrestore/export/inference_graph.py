"""A model as a TensorFlow graph for one size, with constant weights."""

import re
import tempfile

# Names of the inputs and the output of every exported file.
IMAGE, SIGMA, RESTORED = "image", "sigma", "restored"


def inference_graph(model, tile):
    """Traces a model on the [0, 1] scale.

    Args:
        model: `Restorer` on the TensorFlow backend.
        tile: `(height, width)` in pixels, or `(None, None)` for any size.

    Returns:
        A concrete function of the image `(1, height, width, channels)` and,
        where the model takes it, sigma `(1,)`.
    """
    import tensorflow as tf

    low, high = model.value_range
    weights = [
        [variable.numpy() for variable in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
        )
    ]

    def run(image, sigma=None):
        scaled = image
        if (low, high) != (0.0, 1.0):
            scaled = image * (high - low) + low
        if sigma is not None:
            scaled = {"image": scaled, "sigma": tf.reshape(sigma, (1, 1))}
        restored, _ = model.stateless_call(
            *([tf.constant(value) for value in values] for values in weights),
            scaled,
            training=False,
        )
        if (low, high) != (0.0, 1.0):
            restored = (restored - low) / (high - low)
        return restored

    return tf.function(
        run, input_signature=input_specs(model, tile), autograph=False
    ).get_concrete_function()


def input_specs(model, tile):
    """`tf.TensorSpec`s of the inputs of an exported model."""
    import tensorflow as tf

    specs = [tf.TensorSpec((1, *tile, model.channels), tf.float32, IMAGE)]
    if model.sigma_input:
        specs.append(tf.TensorSpec((1,), tf.float32, SIGMA))
    return specs


def import_graph(definition, specs, outputs):
    """A function that runs a graph definition.

    Args:
        definition: TensorFlow's graph definition.
        specs: specifications of its inputs, matched by name.
        outputs: names of the tensors to return.

    Returns:
        A `tf.function` of the inputs that returns a list of tensors.
    """
    import tensorflow as tf

    return tf.function(
        lambda *inputs: tf.graph_util.import_graph_def(
            definition,
            input_map={
                spec.name: value
                for spec, value in zip(specs, inputs, strict=True)
            },
            return_elements=outputs,
            name="",
        ),
        input_signature=specs,
        autograph=False,
    )


def convert_graph(definition, specs, output, *, name, to):
    """Converts a graph definition, with built-in operations only.

    Args:
        definition: TensorFlow's graph definition; with fake quantization for
            integers.
        specs: specifications of its inputs.
        output: name of its output tensor.
        name: name of the model in errors.
        to: `"float32"`, `"float16"`, `"dynamic"`, `"int8"` or `"int16x8"`.

    Returns:
        The bytes of the `.tflite`.

    Raises:
        ValueError: if an operation is not built in.
    """
    import tensorflow as tf

    module = tf.Module()
    run = import_graph(definition, specs, [output])
    module.serve = tf.function(
        lambda *inputs: {RESTORED: run(*inputs)[0]},
        input_signature=specs,
        autograph=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            module,
            folder,
            signatures={"serving_default": module.serve},
            # It is never trained, and some gradients cannot be saved.
            options=tf.saved_model.SaveOptions(
                experimental_custom_gradients=False
            ),
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if to != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if to == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if to == "int16x8":
            sets = tf.lite.OpsSet
            converter.target_spec.supported_ops.insert(
                0,
                sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
            )
        try:
            return converter.convert()
        except Exception as error:
            # The converter's own error class is not public.
            missing = re.search(r"(?:Custom|Flex) ops: (.*)", str(error))
            if missing is not None:
                raise ValueError(
                    f"{name} needs {missing[1].strip()}, which is not among "
                    "LiteRT's built-in operations; replace it by others."
                ) from None
            refused = re.search(r"'tfl\.(\w+)' op", str(error))
            if refused is None:
                raise
            raise ValueError(
                f"{name} cannot be converted to {to}: the converter rejects "
                f"its {refused[1].upper()}; choose another quantization."
            ) from error
