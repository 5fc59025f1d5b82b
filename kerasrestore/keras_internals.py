"""What the package needs of Keras and Keras keeps to itself.

All uses of Keras' private methods are here, so that a new version of Keras
can break this file only. Checked with Keras 3.15.
"""


def all_layers(layer, include_self=True):
    """A layer or model and all layers inside it, at any depth."""
    return layer._flatten_layers(include_self=include_self)


def run_graph(model, inputs, call):
    """Runs the graph of a functional model with other calls.

    Args:
        model: functional model.
        inputs: tensors, symbolic or not, in the structure of the model's
            inputs; their shapes may differ from the model's.
        call: function that is called in place of every operation, with the
            operation and its arguments, and gives the operation's outputs.

    Returns:
        The outputs, in the structure of the model's.
    """
    return model._run_through_graph(inputs, call_fn=call)


def source_operation(tensor):
    """The operation whose output a symbolic tensor is."""
    return tensor._keras_history.operation
