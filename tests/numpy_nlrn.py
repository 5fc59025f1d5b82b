"""NLRN written out in NumPy, in double precision, one image at a time."""

import numpy as np
from numpy_layers import conv2d


def attend(logits, value, window, padding, weighting="softmax", outside=0.0):
    """Weighted mean of the values around each pixel.

    Args:
        logits: `(pixels, pixels)`.
        value: `(height, width, filters)`.
        window: side of the window, `None` for all pixels.
        padding: `"circular"` or `"zero"`.
        weighting: `"softmax"` or `"mean"`.
        outside: logits of positions beyond the border, whose value is zero;
            one for all pixels or one for each.
    """
    height, width, filters = value.shape
    pixels = value.reshape(-1, filters)
    outside = np.broadcast_to(outside, (height * width,))
    output = np.empty_like(pixels)
    for place, (row, column) in enumerate(np.ndindex(height, width)):
        if window is None:
            some, values = logits[place], pixels
        else:
            some, values = [], []
            for i, j in np.ndindex(window, window):
                y, x = row + i - window // 2, column + j - window // 2
                if padding == "circular":
                    y, x = y % height, x % width
                if 0 <= y < height and 0 <= x < width:
                    some.append(logits[place, y * width + x])
                    values.append(value[y, x])
                else:
                    some.append(outside[place])
                    values.append(np.zeros(filters))
        weight = np.asarray(some)
        if weighting == "softmax":
            weight = np.exp(weight - weight.max())
            weight = weight / weight.sum()
        else:
            weight = weight / len(weight)
        output[place] = weight @ np.asarray(values)
    return output.reshape(value.shape)


def point(x, layer):
    """A 1x1 convolution."""
    kernel, bias = (np.asarray(v, float) for v in layer.weights)
    return x @ kernel[0, 0] + bias


def correlate(x, block):
    """Logits of all pairs by the formulas of the paper's table 1, and those
    with a pixel of zeros."""
    x = x.reshape(-1, x.shape[-1])
    if block.distance == "euclidean":
        squared = x.shape[-1] if block.bandwidth is None else block.bandwidth**2
        far = ((x[:, None] - x[None]) ** 2).sum(-1)
        return -far / squared, -(x**2).sum(-1) / squared
    names = {
        "embedded_dot": ("theta", "phi"),
        "embedded_gaussian": ("theta", "phi"),
        "symmetric_embedded_gaussian": ("theta", "theta"),
    }.get(block.distance)
    if names is None:
        return x @ x.T, 0.0
    query, key = (point(x, block.embeddings[name]) for name in names)
    return query @ key.T, 0.0


def non_local(x, block, logits=0.0, outside=0.0):
    """The block on `(height, width, channels)`, with the logits of earlier
    steps; gives the output and the logits added up."""
    now, beyond = correlate(x, block)
    logits, outside = logits + now, outside + beyond
    attended = attend(
        logits,
        point(x, block.value_embedding),
        block.window,
        block.padding,
        "mean" if block.distance.endswith("dot") else "softmax",
        outside,
    )
    return x + attended, logits, outside


def nlrn(model, image):
    """The network on `(height, width, channels)`, by the paper's section 4
    or the released code."""

    def norm(x, name):
        gamma, beta, mean, variance = (
            np.asarray(v, float)
            for v in model.get_layer(f"{name}_norm").weights
        )
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def relu(x):
        return np.maximum(x, 0)

    def conv(x, name):
        kernel, bias = (
            np.asarray(v, float) for v in model.get_layer(name).weights
        )
        return conv2d(x[None], kernel, bias)[0]

    lead = relu if model.released is None else lambda x: x
    image = np.asarray(image, float)
    x = first = conv(lead(norm(image, "head")), "head")
    logits = outside = 0.0
    for step in range(model.num_steps):
        suffix = "" if model.shared else f"{step}"
        every = model.non_local_every
        if every and step % every == 0:
            x = relu(norm(x, f"step{step}_non_local"))
            block = model.get_layer(f"non_local{suffix}")
            x, summed, beyond = non_local(x, block, logits, outside)
            if model.propagate:
                logits, outside = summed, beyond
        x = conv(lead(norm(x, f"step{step}_a")), f"conv_a{suffix}")
        x = conv(relu(norm(x, f"step{step}_b")), f"conv_b{suffix}") + first
    return image + conv(relu(norm(x, "tail")), "tail")
