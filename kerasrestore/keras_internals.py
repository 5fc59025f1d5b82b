"""Private Keras APIs that the package relies on.

All of them are used in this file only, so that a new version of Keras can
break nothing else. Checked with Keras 3.15.
"""


def all_layers(layer, include_self=True):
    """A layer or model and all layers nested in it, at any depth."""
    return layer._flatten_layers(include_self=include_self)


def run_graph(model, inputs, call):
    """Runs a functional model's graph with every operation call replaced.

    Args:
        model: functional model.
        inputs: tensors, symbolic or not, in the structure of the model's
            inputs; their shapes may differ from the model's.
        call: function called in place of every operation, with the operation
            and its arguments; it returns the operation's outputs.

    Returns:
        The outputs, in the structure of the model's outputs.
    """
    return model._run_through_graph(inputs, call_fn=call)


def source_operation(tensor):
    """The operation that produced a symbolic tensor."""
    return tensor._keras_history.operation


def build_for_training(model, data):
    """Builds what Keras builds at the start of its own `fit`.

    Args:
        model: compiled model.
        data: inputs and targets, anything with a shape and a dtype.
    """
    model._symbolic_build(data_batch=data)


def training_loss(model, inputs, targets):
    """The loss of a batch, as Keras computes it in `train_step`.

    Args:
        model: compiled model.
        inputs: its inputs.
        targets: its targets.

    Returns:
        Scalar tensor.
    """
    mode = {"training": True} if model._call_has_training_arg else {}
    return model._compute_loss(
        x=inputs, y=targets, y_pred=model(inputs, **mode), training=True
    )
