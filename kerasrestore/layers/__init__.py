"""Keras layers that the models are built from."""

from kerasrestore.layers.channel_attention import ChannelAttention
from kerasrestore.layers.deformable_conv2d import DeformableConv2D
from kerasrestore.layers.dual_attention import DualAttention
from kerasrestore.layers.haar_dwt2d import HaarDWT2D
from kerasrestore.layers.haar_iwt2d import HaarIWT2D
from kerasrestore.layers.mean_shift import MeanShift
from kerasrestore.layers.non_local_block import NonLocalBlock
from kerasrestore.layers.pyramid_attention import PyramidAttention
from kerasrestore.layers.recurrent_non_local_block import (
    RecurrentNonLocalBlock,
)
from kerasrestore.layers.residual_block import ResidualBlock
from kerasrestore.layers.spatial_attention import SpatialAttention
from kerasrestore.layers.upsampler import Upsampler

__all__ = [
    "ChannelAttention",
    "DeformableConv2D",
    "DualAttention",
    "HaarDWT2D",
    "HaarIWT2D",
    "MeanShift",
    "NonLocalBlock",
    "PyramidAttention",
    "RecurrentNonLocalBlock",
    "ResidualBlock",
    "SpatialAttention",
    "Upsampler",
]
