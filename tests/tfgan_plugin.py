"""A pytest plugin for TF-GAN's own tests: the patches first, and absl's flags parsed as its test runner does."""

import os

from absl import flags

if os.environ.get("TFGAN_STOCK") != "1":  # the baseline of the examples was taken without the patches
    import gan_helpers.compat  # noqa: F401 - its import applies the patches


def pytest_sessionstart(session):
    flags.FLAGS(["pytest"])
