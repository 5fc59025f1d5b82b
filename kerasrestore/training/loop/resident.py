"""Arrays that stay on the device from call to call."""


class Resident:
    """The arrays of patches that stay on the device, placed when they change.

    Args:
        patches: `HostPatches` or `DevicePatches`.
        place: function that places a tree of arrays on the device.
    """

    def __init__(self, patches, place):
        self.patches = patches
        self.place = place
        self._arrays = self._placed = None

    def at(self, step):
        """The arrays for a step, on the device."""
        arrays = self.patches.resident(step)
        if arrays is not self._arrays:
            # Those before are no longer needed; both may not fit.
            self._placed = None
            self._arrays, self._placed = arrays, self.place(arrays)
        return self._placed
