"""`python -m gan_helpers demo`: a GAN learns handwritten digits in a minute and writes a picture of them."""

from __future__ import annotations

import argparse
import os
import sys


def demo(output: str, seconds: float, seed: int) -> None:
    """Train on the bundled digits, then write real beside generated digits to the PNG file `output`."""
    folder = os.path.dirname(os.path.abspath(output))
    if not output.endswith(".png"):
        sys.exit(f"The picture is a PNG file; give a name that ends in .png, not {output!r}.")
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        sys.exit(f"Can't write into {folder}: choose another place with --output.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print("Loading TensorFlow and the digits ...", flush=True)
    from gan_helpers import data, plotting, training

    x = data.load_images("digits")
    gan, _ = training.train(x, seconds=seconds, seed=seed)
    figure = plotting.figure(8, 4.4)
    plotting.real_and_fake(x[:64], gan.generate(64, seed=seed), figure.subplots(1, 2), columns=8)
    figure.savefig(output + ".part", format="png", dpi=100)
    os.replace(output + ".part", output)  # an interrupted write leaves the earlier picture whole
    print(f"{int(gan.g_optimizer.iterations)} training steps. Real and generated digits: {output}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gan_helpers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("demo", help="train on digits for a minute and write a picture")
    command.add_argument("--output", default="demo.png", help="the PNG file to write (default: demo.png)")
    command.add_argument("--seconds", type=float, default=60.0, help="how long to train (default: 60)")
    command.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.seconds <= 0:
        parser.error(f"--seconds must be above 0, got {given.seconds}")
    demo(given.output, given.seconds, given.seed)


if __name__ == "__main__":
    main()
