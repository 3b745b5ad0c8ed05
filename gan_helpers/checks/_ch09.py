"""Chapter 09: what a loss says about D, D's accuracy, the running average, a callback of one's own."""

import copy

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_equal, expect_shape, to_numpy


def _check_belief(belief):
    losses = np.array([np.log(2), 0.1, 1.0, 3.0])
    got = belief(losses.copy())
    expect(to_numpy(got, "belief(g_loss)").shape != (), "belief(g_loss): asked is one probability for each loss. Take "
           "no mean: a loss is a mean already.")
    expect_close(got, np.exp(-losses), "belief(g_loss)", known={
        "these are above 1, so they are no probabilities: a sign is missing.": np.exp(losses),
        "this is D's probability of fake; asked is its probability of real.": 1 - np.exp(-losses),
        "this turns a logit into a probability; a loss is a mean logarithm of one already.":
            1 / (1 + np.exp(losses)),
        "this is the loss itself, with its sign changed.": -losses,
    })
    expect_close(belief(float(np.log(4))), 0.25, "belief of one number, log 4,")


def _check_accuracy(accuracy):
    real, fake = np.array([[2.0], [0.3], [-1.0], [0.4]]), np.array([[-3.0], [0.2], [-0.1], [-4.0], [1.0], [-2.0]])
    got = accuracy(real.copy(), fake.copy())
    expect_shape(got, (), "the accuracy")
    expect_close(got, 0.7, "the accuracy", known={
        "this is D's share of errors.": 0.3,
        "this looks at the real images only.": 0.75,
        "this looks at the fake images only.": 4 / 6,
        "this is the mean of two accuracies; asked is the share of all images, and there are more fakes than "
        "real ones.": (0.75 + 4 / 6) / 2,
        "the threshold is 0.5: right for a probability, but these are logits.": 0.6,
        "this is how many D gets right; asked is the share.": 7,
        "this counts every image with a positive logit, fakes too.": 0.5,
    })
    one = accuracy(np.array([[1.0]]), np.array([[-1.0], [-2.0]]))
    expect_close(one, 1.0, "the accuracy of a D that is always right")


def _check_average(average_step):
    rng = np.random.default_rng(0)
    average = [rng.normal(size=(3, 2)), rng.normal(size=2)]
    weights = [rng.normal(size=(3, 2)), rng.normal(size=2)]
    given = copy.deepcopy((average, weights))
    arrays = [list(one) for one in given]
    got = average_step(*given, 0.9)
    expect(isinstance(got, (list, tuple)), f"the function should return a list of arrays, one for each weight; "
           f"yours returns a {type(got).__name__}.")
    expect_equal(len(got), 2, "the number of arrays")
    for i, (a, w, new) in enumerate(zip(average, weights, got, strict=True)):
        expect_close(new, 0.9 * a + 0.1 * w, f"array {i} of the new average, with decay 0.9,", known={
            "decay and 1 - decay have changed places: this forgets nine tenths at each step.": 0.1 * a + 0.9 * w,
            "this is the middle of both, whatever the decay.": (a + w) / 2,
            "nothing has changed: these are the old averages.": a,
            "these are G's present weights: nothing is averaged.": w,
            "the two parts should add up to one: is it 1 - decay for the weights?": 0.9 * a + w,
        })
    harm = {"average": "", "weights": " G would train on with other weights."}
    for name, before, held, now in zip(harm, (average, weights), arrays, given, strict=True):
        expect(len(now) == len(held) and all(a is b for a, b in zip(now, held, strict=True)),
               f"your function changes what it was given, the list `{name}`; return a new list.{harm[name]}")
        expect(all((a == b).all() for a, b in zip(before, held, strict=True)),
               f"your function changes what it was given, the arrays in `{name}`; return a new list with new arrays."
               f"{harm[name]}")
    expect_close(average_step(average, weights, 0.0)[0], weights[0], "the average with decay 0, G's weights,")


def _check_gap(LogitGap):
    import keras

    expect(isinstance(LogitGap, type) and issubclass(LogitGap, keras.callbacks.Callback),
           "LogitGap should be a class derived from keras.callbacks.Callback.")
    first, second = LogitGap(), LogitGap()
    rows = [(0.1, -0.1), (1.5, -2.0), (0.5, 0.75)]
    for one in (first, second):
        one.on_train_begin({})                  # where a list may be made as well as in __init__
    for epoch, (real, fake) in enumerate(rows):
        logs = {"g_loss": 0.7, "d_loss": 1.4, "real_logits": real, "fake_logits": fake}
        first.on_epoch_begin(epoch)
        for batch in range(2):
            first.on_train_batch_end(batch, dict(logs))
        first.on_epoch_end(epoch, dict(logs))
    expect(hasattr(first, "gaps"), "an instance has no attribute `gaps`; make it in __init__.")
    expect(isinstance(first.gaps, (list, np.ndarray)), f"gaps should be a list: append one number for each epoch. "
           f"Yours is a {type(first.gaps).__name__}.")
    expect_equal(len(first.gaps), len(rows), "the number of gaps after 3 epochs")
    gaps = [real - fake for real, fake in rows]
    expect_close(first.gaps, gaps, "gaps", known={
        "the sign is the other way round: real minus fake.": [-gap for gap in gaps],
        "the sign is lost: a D that takes fakes for real should show, so no abs().": np.abs(gaps),
        "these are the losses' differences; asked are the logits'.": [-0.7] * 3,
        "these are the losses' differences, and the other way round.": [0.7] * 3,
    })
    expect(not list(second.gaps), "two instances share one list: make it in __init__, not in the class's body.")


EXERCISES = (
    Exercise(
        id="09.1", title="What a loss says about D", answer="belief", check=_check_belief, setup="import numpy as np",
        stub='''def belief(g_loss):
    """G's modified loss, a number or an array -> D's typical probability of "real" for a fake."""
    raise NotImplementedError
''',
        hints=(
            "The loss is the mean of -log s(d_f) over a batch. Say that D gives each fake the same "
            "probability p: what is the loss?",
            "It is -log p. Solve for p.",
            'For the loss log 2 the answer is one half: "can\'t tell".',
        ),
        solution='''def belief(g_loss):
    """G's modified loss, a number or an array -> D's typical probability of "real" for a fake."""
    return np.exp(-g_loss)
''',
        wrong={
            "the sign": "def belief(g_loss):\n    return np.exp(g_loss)",
            "of fake": "def belief(g_loss):\n    return 1 - np.exp(-g_loss)",
            "a sigmoid": "def belief(g_loss):\n    return 1 / (1 + np.exp(g_loss))",
            "minus the loss": "def belief(g_loss):\n    return -g_loss",
            "base 2": "def belief(g_loss):\n    return 2.0 ** -g_loss",
            "a mean": "def belief(g_loss):\n    return np.exp(-np.mean(g_loss))",
        },
    ),
    Exercise(
        id="09.2", title="D's accuracy", answer="accuracy", check=_check_accuracy, setup="import numpy as np",
        stub='''def accuracy(real_logits, fake_logits):
    """Logits (n, 1) on real and (m, 1) on fake images -> the share that D judges rightly."""
    raise NotImplementedError
''',
        hints=(
            'D says "real" where its logit is above 0. When is it right about a real image, when about a fake?',
            "Count the right ones among the real and among the fake images; then divide by how many there are "
            "in all.",
            "`np.sum(logits > 0)` counts the positive ones; `logits.size` is how many there are.",
        ),
        solution='''def accuracy(real_logits, fake_logits):
    """Logits (n, 1) on real and (m, 1) on fake images -> the share that D judges rightly."""
    right = np.sum(real_logits > 0) + np.sum(fake_logits < 0)
    return right / (real_logits.size + fake_logits.size)
''',
        wrong={
            "real only": "def accuracy(real_logits, fake_logits):\n    return np.mean(real_logits > 0)",
            "fake only": "def accuracy(real_logits, fake_logits):\n    return np.mean(fake_logits < 0)",
            "mean of two": "def accuracy(real_logits, fake_logits):\n"
                           "    return (np.mean(real_logits > 0) + np.mean(fake_logits < 0)) / 2",
            "a probability's threshold": "def accuracy(real_logits, fake_logits):\n"
                                         "    right = np.sum(real_logits > 0.5) + np.sum(fake_logits < 0.5)\n"
                                         "    return right / (real_logits.size + fake_logits.size)",
            "errors": "def accuracy(real_logits, fake_logits):\n"
                      "    wrong = np.sum(real_logits < 0) + np.sum(fake_logits > 0)\n"
                      "    return wrong / (real_logits.size + fake_logits.size)",
            "a count": "def accuracy(real_logits, fake_logits):\n"
                       "    return np.sum(real_logits > 0) + np.sum(fake_logits < 0)",
            "all that look real": "def accuracy(real_logits, fake_logits):\n"
                                  "    return np.mean(np.concatenate([real_logits, fake_logits]) > 0)",
        },
    ),
    Exercise(
        id="09.3", title="One step of the running average", answer="average_step", check=_check_average,
        setup="import numpy as np",
        stub='''def average_step(average, weights, decay):
    """Two lists of arrays of the same shapes -> a list: the new averages. Changes neither."""
    raise NotImplementedError
''',
        hints=(
            "With decay 0.9 the new average keeps nine tenths of the old one. What is the last tenth?",
            "Walk through both lists together with `zip`.",
            "For each pair: decay times the old average, plus 1 - decay times the weight.",
        ),
        solution='''def average_step(average, weights, decay):
    """Two lists of arrays of the same shapes -> a list: the new averages. Changes neither."""
    return [decay * a + (1 - decay) * w for a, w in zip(average, weights)]
''',
        wrong={
            "swapped": "def average_step(average, weights, decay):\n"
                       "    return [(1 - decay) * a + decay * w for a, w in zip(average, weights)]",
            "the middle": "def average_step(average, weights, decay):\n"
                          "    return [(a + w) / 2 for a, w in zip(average, weights)]",
            "a sum above one": "def average_step(average, weights, decay):\n"
                               "    return [decay * a + w for a, w in zip(average, weights)]",
            "in place": "def average_step(average, weights, decay):\n"
                        "    for a, w in zip(average, weights):\n"
                        "        a *= decay\n        a += (1 - decay) * w\n    return average",
            "in place, G's": "def average_step(average, weights, decay):\n"
                             "    for a, w in zip(average, weights):\n"
                             "        w *= 1 - decay\n        w += decay * a\n    return weights",
            "the list": "def average_step(average, weights, decay):\n"
                        "    for i, w in enumerate(weights):\n"
                        "        average[i] = decay * average[i] + (1 - decay) * w\n    return average",
            "nothing returned": "def average_step(average, weights, decay):\n"
                                "    new = [decay * a + (1 - decay) * w for a, w in zip(average, weights)]",
            "the first only": "def average_step(average, weights, decay):\n"
                              "    for a, w in zip(average, weights):\n"
                              "        return [decay * a + (1 - decay) * w]",
        },
    ),
    Exercise(
        id="09.4", title="A callback of your own", answer="LogitGap", check=_check_gap, setup="import keras",
        stub='''class LogitGap(keras.callbacks.Callback):
    """Keeps in `gaps`, for each epoch, the mean logit on real minus that on fake images."""

    def __init__(self):
        raise NotImplementedError
''',
        hints=(
            "Look at `Samples` above: what does its __init__ do, and which method runs after each epoch?",
            "`logs` is a dict with g_loss, d_loss, real_logits and fake_logits, each a mean over the epoch.",
            "__init__ calls the parent's __init__, then makes an empty list; on_epoch_end(self, epoch, logs=None) "
            "appends to it.",
        ),
        solution='''class LogitGap(keras.callbacks.Callback):
    """Keeps in `gaps`, for each epoch, the mean logit on real minus that on fake images."""

    def __init__(self):
        super().__init__()
        self.gaps = []

    def on_epoch_end(self, epoch, logs=None):
        self.gaps.append(logs["real_logits"] - logs["fake_logits"])
''',
        wrong={
            "the sign": "class LogitGap(keras.callbacks.Callback):\n    def __init__(self):\n"
                        "        super().__init__()\n        self.gaps = []\n\n"
                        "    def on_epoch_end(self, epoch, logs=None):\n"
                        "        self.gaps.append(logs['fake_logits'] - logs['real_logits'])",
            "one list for all": "class LogitGap(keras.callbacks.Callback):\n    gaps = []\n\n"
                                "    def on_epoch_end(self, epoch, logs=None):\n"
                                "        self.gaps.append(logs['real_logits'] - logs['fake_logits'])",
            "at each batch": "class LogitGap(keras.callbacks.Callback):\n    def __init__(self):\n"
                             "        super().__init__()\n        self.gaps = []\n\n"
                             "    def on_train_batch_end(self, batch, logs=None):\n"
                             "        self.gaps.append(logs['real_logits'] - logs['fake_logits'])",
            "the losses": "class LogitGap(keras.callbacks.Callback):\n    def __init__(self):\n"
                          "        super().__init__()\n        self.gaps = []\n\n"
                          "    def on_epoch_end(self, epoch, logs=None):\n"
                          "        self.gaps.append(logs['g_loss'] - logs['d_loss'])",
            "the size of the gap": "class LogitGap(keras.callbacks.Callback):\n    def __init__(self):\n"
                                   "        super().__init__()\n        self.gaps = []\n\n"
                                   "    def on_epoch_end(self, epoch, logs=None):\n"
                                   "        self.gaps.append(abs(logs['real_logits'] - logs['fake_logits']))",
            "the last one alone": "class LogitGap(keras.callbacks.Callback):\n"
                                  "    def on_epoch_end(self, epoch, logs=None):\n"
                                  "        self.gaps = logs['real_logits'] - logs['fake_logits']",
            "no callback": "class LogitGap:\n    def __init__(self):\n        self.gaps = []",
            "another name": "class LogitGap(keras.callbacks.Callback):\n    def __init__(self):\n"
                            "        super().__init__()\n        self.gap = []\n\n"
                            "    def on_epoch_end(self, epoch, logs=None):\n"
                            "        self.gap.append(logs['real_logits'] - logs['fake_logits'])",
        },
    ),
)

QUIZ = (
    Question("At the first step G's loss is about log 2 and D's about 2 log 2. What does it say?", (
        Option("The game has reached its end: D can't tell real from fake",
               "D can't tell, but only because it hasn't learned anything yet. The samples are noise."),
        Option("D's logits are near 0, and nothing more",
               "Yes. An untrained D can't tell, and neither can the best D at the end of a perfect game.", right=True),
        Option("G is as good as it will get", "No: G hasn't taken a step yet."),
    )),
    Question("Overnight G's loss fell from 1.5 to 0.9. Are the samples better?", (
        Option("Yes: a lower loss is what G is trained for",
               "G is trained against a D that moves. A loss of 0.9 against a weaker D can be worse than 1.5 "
               "against a stronger one."),
        Option("No: they must be worse", "That doesn't follow either: D may have got weaker, or G better."),
        Option("The loss alone can't say: look at samples, or measure them",
               "Yes. The loss compares G with today's D, and D has changed overnight too.", right=True),
    )),
    Question("Why do all grids come from the same z?", (
        Option("So that what changes between them is G alone",
               "Yes: with fresh z each time you couldn't tell luck from learning.", right=True),
        Option("So that G learns to draw these samples well",
               "No: training draws fresh z for each batch; the fixed z is only looked at."),
        Option("To save the time for drawing random numbers", "That time is nothing beside a training step."),
    )),
    Question("What is the average of G's weights used for?", (
        Option("To make samples with; training goes on with G's own weights",
               "Yes: the average takes no part in the game, it only looks on.", right=True),
        Option("As G's starting point for each next step",
               "No: then each step would be nearly undone. The average only looks on."),
        Option("To give D a steadier opponent", "No: D sees the fakes of G itself, with its present weights."),
    )),
    Question("Generated digits lie further from their nearest training digit than fresh real digits do. "
             "What follows?", (
        Option("G hasn't simply stored training images and shown them again",
               "Yes: a stored image would lie at a distance of almost 0. It says nothing on how good they are.",
               right=True),
        Option("The generated digits are better than real ones",
               "No: noise lies further away still. Further away isn't better."),
        Option("G has learned nothing from the training images",
               "No: then its samples would look like nothing in the training set, and these are digits."),
    )),
)
