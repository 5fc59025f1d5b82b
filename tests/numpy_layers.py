"""Convolutions and NLRN written out in NumPy, in double precision.

NLRN takes one image at a time.
"""

import numpy as np


def conv2d(x, kernel, bias, stride=1):
    """Convolution with zeros of half the kernel on each side."""
    rows, columns, _, filters = kernel.shape
    padded = np.pad(x, ((0, 0), (rows // 2,) * 2, (columns // 2,) * 2, (0, 0)))
    height, width = (-(-side // stride) for side in x.shape[1:3])
    y = np.zeros((len(x), height, width, filters)) + bias
    for i, j in np.ndindex(rows, columns):
        part = padded[:, i:, j:][:, : x.shape[1], : x.shape[2]]
        y += part[:, ::stride, ::stride] @ kernel[i, j]
    return y


def conv2d_transpose(x, kernel, bias, stride=2):
    """Transposed convolution to `stride` times the size; the kernel is
    `(rows, columns, filters, channels)` and cut by equal parts on all
    sides."""
    rows, columns, filters, _ = kernel.shape
    batch, height, width, _ = x.shape
    whole = np.zeros(
        (
            batch,
            (height - 1) * stride + rows,
            (width - 1) * stride + columns,
            filters,
        )
    )
    for y, z in np.ndindex(height, width):
        spot = np.einsum("bc,ijfc->bijf", x[:, y, z], kernel)
        top, left = y * stride, z * stride
        whole[:, top : top + rows, left : left + columns] += spot
    top, left = (rows - stride) // 2, (columns - stride) // 2
    return whole[:, top:, left:][:, : height * stride, : width * stride] + bias


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
