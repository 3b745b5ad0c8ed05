"""Import this before TensorFlow, and the lines that it writes as it starts stay away from the notebook.

They come from C++ (processor features, missing CUDA drivers, start-up order), no setting of TensorFlow 2.20
and later silences them all, and a notebook shows them in red, like errors. Python's own errors are not
touched, and neither is anything that TensorFlow writes later. To see everything, set the environment variable
TF_CPP_MIN_LOG_LEVEL yourself, to 0 for instance.
"""

import os
import sys

# 3, TensorFlow's own errors only, is also what the Setup cell of every chapter asks for.
if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "3" and "tensorflow" not in sys.modules:
    try:
        stderr = os.dup(2)
    except OSError:  # a program without a standard error: nothing to keep clean
        stderr = os.open(os.devnull, os.O_WRONLY)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
