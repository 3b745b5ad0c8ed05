"""The 2-D GAN lab: train, pause, step, rewind; many runs at once; numbers beside their floor; a pad to draw on.

    lab = Lab("ring8", seed=1)
    lab.run(2000)                   # a fraction of a second, after a second of compiling
    lab.metrics(), lab.floor()
    lab.widget()                    # all of it by hand

    Lab("ring8", seed=range(9)).run(2000)       # nine at once: luck apart from effect

    ImageLab(gan, x).widget()       # the same for a GAN on images
"""

from gan_helpers.lab._images import ImageLab
from gan_helpers.lab._lab import Lab
from gan_helpers.lab._metrics import NAMES as METRICS
from gan_helpers.lab._pad import Pad, points_input

__all__ = ["METRICS", "ImageLab", "Lab", "Pad", "points_input"]
