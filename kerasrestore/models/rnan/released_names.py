"""Names of RNAN's blocks in the released checkpoints.

Each function takes a name prefix and the Keras layer, and returns a dictionary
from state names to variables.
"""

from kerasrestore.models.checkpoints.released_state import conv_state


def residual_state(prefix, block):
    """Variables of a `ResidualBlock`."""
    return {
        **conv_state(f"{prefix}body.0.", block.conv1),
        **conv_state(f"{prefix}body.2.", block.conv2),
    }


def non_local_state(prefix, block):
    """Variables of a `NonLocalBlock`."""
    return {
        **conv_state(f"{prefix}g.", block.g),
        **conv_state(f"{prefix}W.", block.out),
        **conv_state(f"{prefix}theta.", block.theta),
        **conv_state(f"{prefix}phi.", block.phi),
    }


def attention_state(prefix, block):
    """Variables of a `ResidualAttentionBlock` with a mask branch."""
    mask = f"{prefix}RA_MB.0."
    state = {
        **conv_state(f"{mask}MB_Down.0.", block.down),
        **conv_state(f"{mask}MB_Up.0.", block.up),
        **conv_state(f"{mask}MB_1x1conv.0.", block.mask_conv),
    }
    if block.non_local:
        state |= non_local_state(f"{mask}MB_RB1.0.", block.non_local_block)
    groups = (
        (f"{prefix}RA_RB1.", block.front, 0),
        (f"{prefix}RA_TB.0.body.", block.trunk, 0),
        # A non-local block is the first item of the list.
        (f"{mask}MB_RB1.", block.mask_front, int(block.non_local)),
        (f"{mask}MB_RB2.", block.mask_half, 0),
        (f"{mask}MB_RB3.", block.mask_end, 0),
        (f"{prefix}RA_tail.", block.end, 0),
    )
    for group, blocks, first in groups:
        for index, residual in enumerate(blocks, first):
            state |= residual_state(f"{group}{index}.", residual)
    return state
