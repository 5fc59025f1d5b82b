"""Restorers for tests of archives, which worker processes import."""

import dataclasses
import os
import signal
import time

from kerasrestore.inference.image_restorer import ImageRestorer


class Inverse(ImageRestorer):
    """Inverts the values; some gray levels of the first pixel are poison."""

    name = "inverse"
    task = "denoise"
    receptive_field = 1
    # Levels at which a process is killed, hangs, or fails unexpectedly.
    KILLS, HANGS, RAISES = 201, 202, 203

    def restore_tile(self, tile, sigma):
        level = round(float(tile[0, 0, 0, 0]) * 255)
        if level == self.KILLS:
            os.kill(os.getpid(), signal.SIGKILL)
        if level == self.HANGS:
            time.sleep(1000)
        if level == self.RAISES:
            raise RuntimeError("out of luck")
        return 1 - tile

    def memory_forecast(self, height, width):
        return 1


@dataclasses.dataclass(frozen=True)
class InverseChoice:
    """Stands for `RestorerChoice`."""

    dies: bool = False

    def load(self, channels):
        if self.dies:
            os._exit(3)
        return Inverse()
