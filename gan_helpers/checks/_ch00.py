"""Chapter 00: three warm-ups in NumPy, and how the course works."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_dtype, expect_shape


def _check_to_unit_range(to_unit_range):
    for x in (np.array([0, 51, 255], np.uint8), np.arange(0, 256, 5, np.uint8).reshape(4, 13)):
        want = x.astype(np.float64) / 127.5 - 1
        given = x.copy()
        got = to_unit_range(given)
        expect((given == x).all(), "your function changes the pixels it was given; return a new array.")
        expect_close(got, want, f"the result for pixels of shape {x.shape}", atol=1e-5, known={
            "the range is [0, 1]; it should begin at -1, where tanh begins.": x / 255,
            "the range is [-0.5, 0.5]: centred, but only half as wide as tanh.": x / 255 - 0.5,
            "the range is upside down: black should become -1, white 1.": -want,
            "the range is [0, 2]: as wide as it should be, but not centred on 0.": x / 127.5,
            "the numbers wrapped around: the arithmetic was done in uint8, which has no room below 0 or "
            "above 255.": (x * np.uint8(2) - np.uint8(255)) / 255,
        })
        expect_dtype(got, "float32", "the result")


def _check_sigmoid(sigmoid):
    logits = np.array([[-3.0, 0.0, 2.0], [0.5, -0.1, 7.0]])
    want = 1 / (1 + np.exp(-logits))
    with np.errstate(all="ignore"):         # an overflow is reported by what it does to the numbers
        expect_close(sigmoid(logits.copy()), want, "sigmoid(logits)", known={
            "this is D's probability of fake: the sign of the logit is the other way round.": 1 - want,
            "the values run from -1 to 1: that is tanh, another squashing function.": np.tanh(logits),
            "the rows add up to 1: that is softmax, which compares classes.":
                np.exp(logits) / np.exp(logits).sum(-1, keepdims=True),
            "this is e to the power of the logit, the odds of real against fake, not yet a probability.":
                np.exp(logits),
        })
        far = np.array([-1000.0, -800.0, 0.0, 800.0, 1000.0])
        got = np.asarray(sigmoid(far.copy()))
        expect(np.isfinite(got).all(), "fine for small logits, but not a number for logits of ±1000: e to "
               "the power of a large positive number overflows. Which form never needs one?")
        expect_close(got, [0, 0, 0.5, 1, 1], "sigmoid of logits up to ±1000")
        tail = np.asarray(sigmoid(np.array([-50.0])))
        expect_close(tail * np.exp(50.0), [1.0], "sigmoid(-50), in units of exp(-50),", rtol=1e-3)


def _check_pixel_statistics(pixel_statistics):
    x = np.random.default_rng(0).normal(size=(6, 4, 5, 1)).astype(np.float32)
    got = pixel_statistics(x.copy())
    expect(isinstance(got, (tuple, list)) and len(got) == 2,
           f"the function should return two arrays, (mean, std); yours returns a {type(got).__name__}.")
    mean, std = got
    expect(np.shape(mean) != (), "the mean is a single number: it was taken over all axes of x.")
    expect(np.shape(mean) != (6,), "there is one mean for each image; asked is one for each pixel.")
    expect_shape(mean, (4, 5, 1), "the mean")
    expect_close(mean, x.mean(0), "the mean", atol=1e-5)
    expect_close(std, x.std(0), "the standard deviation", atol=1e-5, known={
        "this is the variance: a square root is missing.": x.var(0),
        "this divides by n - 1; asked is the spread of these images, divided by n.": x.std(0, ddof=1),
        "this is a single spread for the whole batch, repeated.": np.full((4, 5, 1), x.std()),
    })


EXERCISES = (
    Exercise(
        id="00.1", title="Pixels to [-1, 1]", answer="to_unit_range", check=_check_to_unit_range,
        setup="import numpy as np",
        stub='''def to_unit_range(x):
    """uint8 pixels in [0, 255] -> float32 in [-1, 1]."""
    raise NotImplementedError
''',
        hints=(
            "The generator ends in tanh, whose values lie between -1 and 1. Which pixel becomes -1, which 1?",
            "Leave uint8 first: there, 200 + 100 is 44. `astype` makes the change.",
            "The range is 255 wide and should become 2 wide; then move it so that its middle lies on 0.",
        ),
        solution='''def to_unit_range(x):
    """uint8 pixels in [0, 255] -> float32 in [-1, 1]."""
    return x.astype(np.float32) / 127.5 - 1
''',
        wrong={
            "the range of a picture": "def to_unit_range(x):\n    return x.astype(np.float32) / 255",
            "half as wide": "def to_unit_range(x):\n    return x.astype(np.float32) / 255 - 0.5",
            "arithmetic in uint8": "def to_unit_range(x):\n"
                                   "    return ((x * np.uint8(2) - np.uint8(255)) / 255).astype(np.float32)",
            "float64": "def to_unit_range(x):\n    return x / 127.5 - 1",
            "nothing returned": "def to_unit_range(x):\n    y = x / 127.5 - 1",
            "one argument too many": "def to_unit_range(x, low):\n    return x",
        },
    ),
    Exercise(
        id="00.2", title="From a logit to a probability", answer="sigmoid", check=_check_sigmoid,
        setup="import numpy as np",
        stub='''def sigmoid(logit):
    """D's logit, any real number -> its probability of "real"; exact for logits of ±1000 too."""
    raise NotImplementedError
''',
        hints=(
            "Begin with 1 / (1 + e^-a), and try it on a = -1000. What warns you?",
            "e^-|a| is never larger than 1. Both signs of a can be written with it alone.",
            "For a < 0, multiply numerator and denominator of the first form by e^a.",
        ),
        solution='''def sigmoid(logit):
    """D's logit, any real number -> its probability of "real"; exact for logits of ±1000 too."""
    small = np.exp(-np.abs(logit))
    return np.where(logit >= 0, 1, small) / (1 + small)
''',
        wrong={
            "the sign": "def sigmoid(logit):\n    return 1 / (1 + np.exp(logit))",
            "overflow": "def sigmoid(logit):\n    return np.exp(logit) / (1 + np.exp(logit))",
            "tanh": "def sigmoid(logit):\n    return np.tanh(logit)",
            "softmax": "def sigmoid(logit):\n    e = np.exp(logit)\n    return e / e.sum(-1, keepdims=True)",
            "clipped": "def sigmoid(logit):\n    return 1 / (1 + np.exp(-np.clip(logit, -20, 20)))",
        },
    ),
    Exercise(
        id="00.3", title="Mean and spread, pixel by pixel", answer="pixel_statistics",
        check=_check_pixel_statistics, setup="import numpy as np",
        stub='''def pixel_statistics(x):
    """Images (n, height, width, channels) -> (mean, std), each (height, width, channels)."""
    raise NotImplementedError
''',
        hints=(
            "Which of the four axes should be gone in the result?",
            "NumPy's reductions take an `axis`; the batch is the first one.",
        ),
        solution='''def pixel_statistics(x):
    """Images (n, height, width, channels) -> (mean, std), each (height, width, channels)."""
    return x.mean(axis=0), x.std(axis=0)
''',
        wrong={
            "over everything": "def pixel_statistics(x):\n    return x.mean(), x.std()",
            "one for each image": "def pixel_statistics(x):\n"
                                  "    return x.mean(axis=(1, 2, 3)), x.std(axis=(1, 2, 3))",
            "the variance": "def pixel_statistics(x):\n    return x.mean(0), x.var(0)",
            "the mean only": "def pixel_statistics(x):\n    return x.mean(0)",
            "the batch axis kept": "def pixel_statistics(x):\n"
                                   "    return x.mean(0, keepdims=True), x.std(0, keepdims=True)",
        },
    ),
)

QUIZ = (
    Question("What does the generator G get as its input?", (
        Option("A real image", "No: G never sees a real image. It learns only from D's view of its fakes."),
        Option("Random noise z", "Yes: noise in, a sample out. Different z give different samples.",
               right=True),
        Option("The score that D gave to the last fake", "No: D's score drives G's training through the "
               "gradient, but it is no input of G."),
    )),
    Question("D puts out the logit 0 for an image. What does it say?", (
        Option("The image is fake", "No: a logit of 0 is a probability of one half. Fakes lie far below 0."),
        Option("The image is real", "No: a logit of 0 is a probability of one half. Reals lie far above 0."),
        Option("It can't tell", "Yes: a logit of 0 is a probability of one half for real.", right=True),
    )),
    Question("A check prints ✗. What now?", (
        Option("Read its message, change the cell, run it again",
               "Yes: as often as you like; nothing is counted. hint() helps with the next step.", right=True),
        Option("Restart the notebook from the top", "Not needed: run the changed cell again, and it is "
               "checked anew."),
    )),
)
