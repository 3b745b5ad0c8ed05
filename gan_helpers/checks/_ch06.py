"""Chapter 06: pixels back from [-1, 1], a pass over the data, images with labels, noise of unit spread."""

import numpy as np

from gan_helpers.checks import (
    Exercise,
    Option,
    Question,
    expect,
    expect_close,
    expect_dtype,
    expect_shape,
    to_numpy,
)


def _check_to_pixels(to_pixels):
    # Three values to a pixel, as G makes them, and none of them half way between two pixels.
    x = (np.linspace(0, 2, 768, dtype=np.float32) - 1).reshape(3, 16, 16, 1)
    pixels = np.rint((x + 1) * 127.5)
    given = x.copy()
    got = to_pixels(given)
    expect(given.shape == x.shape and (given == x).all(),
           "your function changes the images it was given; leave x as it is and return a new array.")
    with np.errstate(invalid="ignore"):
        astray = (x * 255).astype(np.uint8)
    black = np.clip(x * 255, 0, 255)
    expect_close(got, pixels, "to_pixels(x)", known={
        "this treats x as if it ran from 0 to 1, so every negative value goes astray.": astray,
        "all negative values have become black: x runs from -1 to 1, not from 0 to 1.": np.rint(black),
        "every negative value is black now: x runs from -1 to 1, not from 0 to 1.": np.trunc(black),
        "some pixels are one too dark: going to whole numbers cuts the fraction off. Round first.":
            ((x + 1) * np.float32(127.5)).astype(np.uint8),
        "twice as large as they should be: how wide is the range of x, how wide that of the pixels?":
            np.rint((x + 1) * 255),
        "twice as large as they should be, and from 256 on they begin at 0 again: how wide is the range of x?":
            np.rint((x + 1) * 255) % 256,
    })
    expect_dtype(got, "uint8", "to_pixels(x)")


def _check_one_pass(one_pass):
    def passed(n, batch_size, rng):
        got = one_pass(n, batch_size, rng)
        lengths = {np.size(batch) for batch in got} if isinstance(got, (list, tuple)) else set()
        expect(len(lengths) < 2, f"the batches have {sorted(lengths)} samples, and should have {batch_size} each: "
               "what doesn't fill a batch is left out.")
        got = to_numpy(got, f"one_pass({n}, {batch_size}, rng)")
        expect_shape(got, (n // batch_size, batch_size), f"one_pass({n}, {batch_size}, rng)")
        expect(np.issubdtype(got.dtype, np.integer), f"the result holds {got.dtype}; indices are whole numbers.")
        return got

    passed(10, 3, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    first, second = passed(1000, 30, rng), passed(1000, 30, rng)
    expect(first.min() >= 0 and first.max() < 1000,
           f"for n = 1000 the indices should be 0 to 999, yours are {first.min()} to {first.max()}.")
    expect(len(np.unique(first)) == first.size,
           f"a pass shows nothing twice; in yours, {first.size} places hold {len(np.unique(first))} "
           "different indices. Draw without putting back.")
    expect((np.diff(first.ravel()) != 1).any(), "the indices come in order: nothing is shuffled.")
    expect((np.diff(first.ravel()) < 0).any(), "the indices rise from the first to the last: they were drawn, but "
           "not shuffled.")
    expect((first != second).any(), "two passes are the same: the order should come from the rng that is "
           "given, not from a seed of your own.")
    expect((passed(1000, 30, np.random.default_rng(1)) == first).all(), "two rngs with one seed give two orders: "
           "the numbers of chance should come from the rng that is given.")
    blocks = np.sort(first, axis=1)
    expect((np.diff(blocks, axis=1) != 1).any(),
           "each batch holds neighbours: the batches are shuffled, the samples aren't. Shuffle first.")
    passes = [passed(10, 3, rng) for _ in range(200)]
    missing = sorted(set(range(10)) - set(np.unique(passes).tolist()))
    expect(not missing, f"in 200 passes over 10 samples, {missing} never came. Which sample is left out of a "
           "pass should change from pass to pass: cut after shuffling.")


def _check_pair_stream(pair_stream):
    n, size, passes = 3003, 50, 4
    a_pass = n // size
    stream = pair_stream(np.arange(n), 7 * np.arange(n), size)
    expect(hasattr(stream, "as_numpy_iterator"),
           f"the result should be a tf.data.Dataset, this is of the type {type(stream).__name__}.")
    pairs = list(stream.take(passes * a_pass + 1).as_numpy_iterator())
    expect(pairs, f"the stream holds no batch. How many samples does it begin with? x has {n}.")
    expect(all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs),
           "each element of the stream should be a pair: a batch of images and their labels.")
    batches = [images for images, _ in pairs]
    expect(all(np.ndim(batch) == 1 for batch in batches),
           "the stream gives single samples: no step puts them together to batches.")
    sizes = {len(batch) for batch in batches}
    expect(len(sizes) > 1 or sizes == {size}, f"batches of {size} were asked for, yours have {max(sizes)} samples.")
    expect(sizes == {size}, f"batches of {size} were asked for, yours have {sorted(sizes)} samples: the last "
           "batch of a pass isn't full. One argument of `batch` leaves it out.")
    expect(not all((images == 7 * labels).all() for images, labels in pairs),
           "images and labels have changed places: a pair begins with the images.")
    expect(all((labels == 7 * images).all() for images, labels in pairs),
           "the labels don't belong to their images: each was shuffled by itself. Shuffle them as pairs.")
    expect(len(batches) > passes * a_pass,
           f"the stream ends after {len(batches)} batches; a pass has {a_pass}, and training asks for any number "
           "of them. Which step starts a new pass?")
    values = np.concatenate(batches)
    expect((np.diff(values[:a_pass * size]) != 1).any(), "the samples come in order: nothing is shuffled.")
    expect(any((np.diff(np.sort(batch)) != 1).any() for batch in batches),
           "each batch holds neighbours: whole batches are shuffled, not samples. Which step comes first?")
    # With all n in the buffer, about 60 samples of a pass come 0.8 n places earlier than in x.
    early = (values[:a_pass * size] - np.arange(a_pass * size)).max()
    expect(early > 0.8 * n, f"no sample comes more than {early} places earlier than in x, which has {n}: the buffer "
           "of the shuffle is too small. It mixes only what is in it.")
    expect(len(np.unique(values[:a_pass * size])) == a_pass * size,
           "a sample comes again before the others have come once: two passes are shuffled into each other. "
           "Where should the repetition stand?")
    again = [np.array_equal(values[:size], values[k:k + size]) for k in (a_pass * size, n)]
    expect(not any(again), "the second pass has the same order as the first: the shuffle isn't done anew.")
    missing = sorted(set(range(n)) - set(values.tolist()))
    expect(not missing, f"in {passes} passes, the samples {missing} never came. Which ones are left out should change "
           "from pass to pass: leave them out after the shuffle.")


def _check_unit_uniform(unit_uniform):
    rng = np.random.default_rng(0)
    n, z_dim = 20_000, 3
    z = unit_uniform(n, z_dim, rng)
    expect_shape(z, (n, z_dim), f"unit_uniform({n}, {z_dim}, rng)")
    z = np.asarray(z, np.float64)
    expect(np.ptp(z, axis=0).min() > 0 and np.ptp(z, axis=1).max() > 0,
           "whole rows or columns of z hold one number, copied; every entry of z is a draw of its own.")
    mean, std, fourth = z.mean(), z.std(), ((z - z.mean()) ** 4).mean() / z.var() ** 2
    expect(abs(mean) < 0.03, f"the mean is {mean:.2f}, asked is 0: let the interval lie evenly about 0.")
    # E z^4 / (E z^2)^2 is 9/5 for a uniform and 3 for a normal number, whatever the interval.
    expect(fourth < 2.4, f"the numbers have the right mean, but they aren't uniform: {np.abs(z).max():.1f} "
           "is among them, and most lie near 0, as normal numbers do.")
    expect(abs(std - 1) < 0.01,     # five standard errors
           f"the standard deviation is {std:.2f}, asked is 1. Uniform on [-a, a] has a / sqrt(3).")
    expect(abs(fourth - 1.8) < 0.05, "mean and spread are right, but not all values are equally frequent.")
    expect(abs(np.corrcoef(z.T) - np.eye(z_dim)).max() < 0.05, "the columns of z follow one another; each "
           "should be drawn on its own.")
    expect((np.asarray(unit_uniform(n, z_dim, rng)) != z).any(),
           "a second call gives the same z: draw from the rng that is given, not from a seed of your own.")
    expect((np.asarray(unit_uniform(n, z_dim, np.random.default_rng(0)), np.float64) == z).all(),
           "two rngs with one seed give two different z: draw from the rng that is given.")


EXERCISES = (
    Exercise(
        id="06.1", title="Back to pixels", answer="to_pixels", check=_check_to_pixels,
        setup="import numpy as np",
        stub='''def to_pixels(x):
    """float32 images in [-1, 1] -> uint8 pixels in [0, 255], rounded to the nearest."""
    raise NotImplementedError
''',
        hints=(
            "Which pixel should -1 become, which 0, which 1?",
            "First make the range begin at 0, then make it 255 wide.",
            "`astype` to a whole-number type cuts the fraction off; np.rint rounds to the nearest.",
        ),
        solution='''def to_pixels(x):
    """float32 images in [-1, 1] -> uint8 pixels in [0, 255], rounded to the nearest."""
    return np.rint((x + 1) * 127.5).astype(np.uint8)
''',
        wrong={
            "as if in [0, 1]": "def to_pixels(x):\n    return np.clip(x * 255, 0, 255).astype(np.uint8)",
            "cut, not rounded": "def to_pixels(x):\n    return ((x + 1) * 127.5).astype(np.uint8)",
            "still floats": "def to_pixels(x):\n    return np.rint((x + 1) * 127.5)",
            "up, not to the nearest": "def to_pixels(x):\n    return np.ceil((x + 1) * 127.5).astype(np.uint8)",
            "twice too wide": "def to_pixels(x):\n    return np.rint((x + 1) * 255)",
            "in place": "def to_pixels(x):\n    x += 1\n    return (x * 127.5).round().astype(np.uint8)",
            "channel lost": "def to_pixels(x):\n    x = x[..., 0] + 1\n"
                            "    return (x * 127.5).round().astype(np.uint8)",
        },
    ),
    Exercise(
        id="06.2", title="One pass over the data", answer="one_pass", check=_check_one_pass,
        setup="import numpy as np",
        stub='''def one_pass(n, batch_size, rng):
    """The indices 0 ... n - 1, shuffled by rng, as full batches: (n // batch_size, batch_size)."""
    raise NotImplementedError
''',
        hints=(
            "A NumPy generator can shuffle: which of its methods gives all of 0 ... n - 1 in random order?",
            "How many batches are full? Keep as many indices as they hold.",
            "An array of k * m numbers can be given the shape (k, m).",
        ),
        solution='''def one_pass(n, batch_size, rng):
    """The indices 0 ... n - 1, shuffled by rng, as full batches: (n // batch_size, batch_size)."""
    full = n // batch_size
    return rng.permutation(n)[:full * batch_size].reshape(full, batch_size)
''',
        wrong={
            "not shuffled": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                            "    return np.arange(full * batch_size).reshape(full, batch_size)",
            "with putting back": "def one_pass(n, batch_size, rng):\n"
                                 "    return rng.integers(0, n, (n // batch_size, batch_size))",
            "the same leftovers": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                                  "    return rng.permutation(full * batch_size).reshape(full, batch_size)",
            "a seed of its own": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                                 "    order = np.random.default_rng(0).permutation(n)\n"
                                 "    return order[:full * batch_size].reshape(full, batch_size)",
            "NumPy's own numbers": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                                   "    return np.random.permutation(n)[:full * batch_size].reshape(full, -1)",
            "sorted again": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                            "    return np.sort(rng.permutation(n)[:full * batch_size]).reshape(full, -1)",
            "whole batches": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                             "    rows = np.arange(full * batch_size).reshape(full, batch_size)\n"
                             "    return rng.permutation(rows)",
            "with the short one": "def one_pass(n, batch_size, rng):\n    order = rng.permutation(n)\n"
                                  "    return [order[i:i + batch_size] for i in range(0, n, batch_size)]",
            "on its side": "def one_pass(n, batch_size, rng):\n    full = n // batch_size\n"
                           "    return rng.permutation(n)[:full * batch_size]",
        },
    ),
    Exercise(
        id="06.3", title="Images with their labels", answer="pair_stream", check=_check_pair_stream,
        setup="import numpy as np\nimport tensorflow as tf",
        stub='''def pair_stream(x, y, batch_size):
    """A tf.data.Dataset of pairs (images, labels): full batches, shuffled anew in each pass, endless."""
    raise NotImplementedError
''',
        hints=(
            "from_tensor_slices takes one array, or a tuple of arrays that belong together.",
            "Shuffle while x and y are still pairs; every later step then keeps them together.",
            "The steps are shuffle, batch and repeat. Their order matters: think of what each one sees, and "
            "of how large the shuffle's buffer must be.",
        ),
        solution='''def pair_stream(x, y, batch_size):
    """A tf.data.Dataset of pairs (images, labels): full batches, shuffled anew in each pass, endless."""
    pairs = tf.data.Dataset.from_tensor_slices((x, y))
    return pairs.shuffle(len(x)).batch(batch_size, drop_remainder=True).repeat()
''',
        wrong={
            label: "def pair_stream(x, y, batch_size):\n    make = tf.data.Dataset.from_tensor_slices\n"
                   "    s, n = make((x, y)), len(x)\n"
                   "    full = dict(batch_size=batch_size, drop_remainder=True)\n    return " + line
            for label, line in {
                "each by itself": "tf.data.Dataset.zip((make(x).shuffle(n).batch(**full).repeat(), "
                                  "make(y).shuffle(n).batch(**full).repeat()))",
                "no labels": "make(x).shuffle(n).batch(**full).repeat()",
                "it ends": "s.shuffle(n).batch(**full)",
                "not shuffled": "s.batch(**full).repeat()",
                "short batches": "s.shuffle(n).batch(batch_size).repeat()",
                "whole batches": "s.batch(**full).shuffle(n).repeat()",
                "a small buffer": "s.shuffle(10).batch(**full).repeat()",
                "a buffer of half": "s.shuffle(n // 2).batch(**full).repeat()",
                "cut, then shuffled": "s.take(n - n % batch_size).shuffle(n).batch(**full).repeat()",
                "places changed": "make((y, x)).shuffle(n).batch(**full).repeat()",
                "one array": "make([x, y]).shuffle(n).batch(**full).repeat()",
                "batches of 64": "s.shuffle(n).batch(64, drop_remainder=True).repeat()",
                "two passes": "s.shuffle(n).repeat(2).batch(**full)",
                "passes mixed": "s.repeat().shuffle(n).batch(**full)",
                "one order for ever": "s.shuffle(n, reshuffle_each_iteration=False).repeat().batch(**full)",
                "no batches": "s.shuffle(n).repeat()",
                "an iterator": "iter(s.shuffle(n).repeat().batch(batch_size))",
            }.items()
        },
    ),
    Exercise(
        id="06.4", title="Uniform noise of unit spread", answer="unit_uniform", check=_check_unit_uniform,
        setup="import numpy as np",
        stub='''def unit_uniform(n, z_dim, rng):
    """(n, z_dim) uniform draws with mean 0 and standard deviation 1, as the standard normal has."""
    raise NotImplementedError
''',
        hints=(
            "Uniform on [-1, 1] has the standard deviation 1 / sqrt(3). How wide must the interval be for 1?",
            "If z has the standard deviation s, then c z has c s.",
            "rng.uniform(low, high, shape) draws; low and high are what you have to find.",
        ),
        solution='''def unit_uniform(n, z_dim, rng):
    """(n, z_dim) uniform draws with mean 0 and standard deviation 1, as the standard normal has."""
    half = np.sqrt(3)
    return rng.uniform(-half, half, (n, z_dim))
''',
        wrong={
            "a normal": "def unit_uniform(n, z_dim, rng):\n    return rng.standard_normal((n, z_dim))",
            "on [0, 1]": "def unit_uniform(n, z_dim, rng):\n    return rng.uniform(0, 1, (n, z_dim))",
            "on [-1, 1]": "def unit_uniform(n, z_dim, rng):\n    return rng.uniform(-1, 1, (n, z_dim))",
            "on [-3, 3]": "def unit_uniform(n, z_dim, rng):\n    return rng.uniform(-3, 3, (n, z_dim))",
            "one number a row": "def unit_uniform(n, z_dim, rng):\n    half = 3 ** 0.5\n"
                                "    return np.repeat(rng.uniform(-half, half, (n, 1)), z_dim, axis=1)",
            "two values only": "def unit_uniform(n, z_dim, rng):\n"
                               "    return rng.choice([-1.0, 1.0], (n, z_dim))",
            "a seed of its own": "def unit_uniform(n, z_dim, rng):\n    half = 3 ** 0.5\n"
                                 "    return np.random.default_rng(0).uniform(-half, half, (n, z_dim))",
            "NumPy's own numbers": "def unit_uniform(n, z_dim, rng):\n    half = 3 ** 0.5\n"
                                   "    return np.random.uniform(-half, half, (n, z_dim))",
            "nearly": "def unit_uniform(n, z_dim, rng):\n    return rng.uniform(-1.7, 1.7, (n, z_dim))",
            "axes exchanged": "def unit_uniform(n, z_dim, rng):\n    half = 3 ** 0.5\n"
                              "    return rng.uniform(-half, half, (z_dim, n))",
        },
    ),
)

QUIZ = (
    Question("Images in [-1, 1] are shown with black at 0 and white at 1. What is lost?", (
        Option("Nothing: the picture is only a little darker",
               "No: look at all values below 0. They can't be told apart any more."),
        Option("Every value below 0 is drawn as the same black",
               "Yes: half of the range is gone, and thin, soft strokes with it.", right=True),
        Option("Every value above 0 is drawn as the same white",
               "No: those are inside [0, 1] and are drawn as they are. Look at the other half."),
    )),
    Question("A loop makes a new iterator over an unshuffled dataset at each step. What does D see?", (
        Option("Each image once in a pass",
               "No: for that, one iterator has to be kept and asked again."),
        Option("The first batch, at every step",
               "Yes: a new iterator begins at the beginning. D learns a few images by heart, and G is pushed "
               "to copy them.", right=True),
        Option("A random batch at every step", "No: nothing in this loop is random."),
    )),
    Question("A text says that z is uniform, its code draws z from a normal. What is wrong?", (
        Option("The code: with a normal z a GAN can't be trained", "No: both priors work."),
        Option("Text and code should agree; either prior would do",
               "Yes: and the trained G must get z from the prior that it was trained on.", right=True),
        Option("Nothing: the prior doesn't matter when samples are made",
               "No: G knows only the z it was trained on. Other z are outside of what it has learned."),
    )),
    Question("z has 100 independent standard normal entries. How long is it, roughly?", (
        Option("Close to 0: each entry is most likely near 0",
               "No: the 100 squares add up, and each of them is 1 on average."),
        Option("Anything from 0 to 20",
               "No: in 100 dimensions almost all lengths lie close to one value."),
        Option("Close to 10",
               "Yes: the squares add up to about 100, and the square root of that is 10.", right=True),
    )),
    Question("MNIST isn't on this machine, and there is no network. What does load_images(\"mnist\") do?", (
        Option("It stops with an error that names the alternatives",
               "Yes: you get the data you asked for or a message, never other data in silence.", right=True),
        Option("It returns the bundled digits instead",
               "No: results on other data under MNIST's name would be worse than none."),
    )),
)
