"""Stateless tensor operations for TensorFlow and JAX."""

from kerasrestore.ops.attention import softmax_attention
from kerasrestore.ops.blocks import map_blocks
from kerasrestore.ops.deform_conv2d import deform_conv2d
from kerasrestore.ops.enlarge import enlarge_bicubic
from kerasrestore.ops.jpeg import jpeg
from kerasrestore.ops.pixel_shuffle import pixel_shuffle, pixel_unshuffle
from kerasrestore.ops.pyramid_attention import pyramid_attention
from kerasrestore.ops.resampling import resize_bicubic
from kerasrestore.ops.wavelet import haar_dwt2d, haar_iwt2d
from kerasrestore.ops.window_attention import window_attention

__all__ = [
    "deform_conv2d",
    "enlarge_bicubic",
    "haar_dwt2d",
    "haar_iwt2d",
    "jpeg",
    "map_blocks",
    "pixel_shuffle",
    "pixel_unshuffle",
    "pyramid_attention",
    "resize_bicubic",
    "softmax_attention",
    "window_attention",
]
