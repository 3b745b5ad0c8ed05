"""Import this before TensorFlow, and the lines that it writes as it starts stay away from the notebook.

They come from C++ (processor features, missing CUDA drivers, start-up order), no setting of TensorFlow 2.20
and later silences them all, and a notebook shows them in red, like errors. Python's own errors and warnings
are not touched, and neither is anything that TensorFlow writes later.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # 3: errors of TensorFlow's own log only

if "tensorflow" not in sys.modules:
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
