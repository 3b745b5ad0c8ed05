"""`python -m gan_helpers demo`: a GAN learns digits in a minute and draws them; `doctor`: is this machine ready?"""

from __future__ import annotations

import argparse
import os
import sys


def check_arguments(output: str, seconds: float, seed: int) -> None:
    """End the program with one sentence if the demo can't work; before TensorFlow is loaded, so at once."""
    folder = os.path.dirname(os.path.abspath(output))
    if not output.lower().endswith(".png"):
        sys.exit(f"The picture is a PNG file: give a name that ends in .png, not {output!r}.")
    if os.path.isdir(output):
        sys.exit(f"{output!r} is a folder: give the name of a file in it.")
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        sys.exit(f"Can't write into the folder {folder!r}: choose another place with --output.")
    if not 0 < seconds < float("inf"):
        sys.exit(f"--seconds must be a number above 0, got {seconds}.")
    if not 0 <= seed < 2**32:
        sys.exit(f"--seed must be a whole number from 0 to {2**32 - 1}, got {seed}.")


def demo(output: str, seconds: float, seed: int) -> None:
    """Train on the bundled digits, then write real beside generated digits to the PNG file `output`."""
    check_arguments(output, seconds, seed)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print("Loading TensorFlow and the digits ...", flush=True)
    from gan_helpers import data, plotting, training

    x = data.load_images("digits")
    gan, _ = training.train(x, seconds=seconds, seed=seed)
    figure = plotting.figure(8, 4.4)
    plotting.real_and_fake(x[:64], gan.generate(64, seed=seed), figure.subplots(1, 2), columns=8)
    part = output + ".part"  # an interrupted write leaves the earlier picture whole
    try:
        figure.savefig(part, format="png", dpi=100)
        os.replace(part, output)
    finally:
        if os.path.exists(part):
            os.remove(part)
    print(f"{int(gan.g_optimizer.iterations)} training steps. Real and generated digits: {output}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gan_helpers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("demo", help="train on digits for a minute and write a picture")
    command.add_argument("--output", default="demo.png", help="the PNG file to write (default: demo.png)")
    command.add_argument("--seconds", type=float, default=60.0, help="how long to train (default: 60)")
    command.add_argument("--seed", type=int, default=0, help="another seed gives another run (default: 0)")
    command = commands.add_parser("doctor", help="is this machine ready? exit status 1 if not")
    command.add_argument("--json", action="store_true", help="for programs: all rows as JSON")
    command.add_argument("--quick", action="store_true", help="leave out the import of TensorFlow")
    given = parser.parse_args(arguments)
    if given.command == "doctor":
        from gan_helpers import doctor

        sys.exit(doctor.main(given.json, given.quick))
    demo(given.output, given.seconds, given.seed)


if __name__ == "__main__":
    main()
