"""Pictures before and after, and what a restorer looks at.

Names are imported on first use.
"""

from kerasrestore.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "kerasrestore.visualize.attention_maps": [
            "AttentionMap",
            "attention_maps",
        ],
        "kerasrestore.visualize.sampling_locations": [
            "SamplingLocations",
            "sampling_locations",
        ],
        "kerasrestore.visualize.slider": ["Slider"],
    },
)
