"""Chapter 08: two losses from logits, the generator's gradients, the mixing of WGAN-GP."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_shape, to_numpy


def _logits(seed, scale=2.0):
    return scale * np.random.default_rng(seed).standard_normal((6, 1)).astype(np.float32)


def _softplus(a):
    return np.logaddexp(0, a.astype(np.float64))


def _check_discriminator_loss(discriminator_loss):
    import tensorflow as tf

    for seed in (0, 1):
        r, f = _logits(seed) + 1, _logits(seed + 10)
        real, fake = _softplus(-r).mean(), _softplus(f).mean()
        got = discriminator_loss(tf.constant(r), tf.constant(f))
        expect(np.shape(got) != (2,), "these are two numbers; asked is one, the sum of what D pays for the real and "
               "for the generated images.")
        expect(np.size(to_numpy(got, "your loss")) == 1,
               "your loss still has one number for each image: take the mean over the batch.")
        expect_close(np.reshape(got, ()), real + fake, "your loss", rtol=1e-4, known={
            "the sign is the other way round: this grows as D gets better, and a loss should fall.": -real - fake,
            "a minus stands between the two terms: D must win on real and on fake images, so both losses add up.":
                real - fake,
            "real and fake have changed places: D would learn to call real images fake.":
                _softplus(r).mean() + _softplus(-f).mean(),
            "the logits were taken for probabilities, clipped to [0, 1]. Say from_logits=True, or use softplus.":
                -np.log(np.clip(r, 1e-7, 1 - 1e-7)).mean() - np.log(1 - np.clip(f, 1e-7, 1 - 1e-7)).mean(),
            "the labels of the real images are smoothed, as TF-GAN does by default; asked is the formula, with "
            "label_smoothing=0.0.": real + fake + r.mean() / 8,
            "a sigmoid came first, and its probabilities were then taken for logits. Leave the sigmoid out.":
                _softplus(-1 / (1 + np.exp(-r))).mean() + _softplus(1 / (1 + np.exp(-f))).mean(),
            "only the real images count: D would call everything real.": real,
            "only the generated images count: D would call everything fake.": fake,
            "this is the mean over both batches; TF-GAN adds the two means, so that a D that can't tell pays 2 log 2.":
                (real + fake) / 2,
            "this is the sum over the batch: it would grow with the batch size. Take the mean.":
                len(r) * (real + fake),
        })
    far = np.full((2, 1), 200.0, np.float32)
    capped = ("right for small logits, but too small where D is sure and wrong (logits of ±200, where it should be "
              "400): a small number inside the logarithm hides the infinity and caps the loss. Use softplus.")
    got = float(to_numpy(discriminator_loss(tf.constant(-far), tf.constant(far)), "your loss").reshape(()))
    expect(np.isfinite(got), "right for small logits, but not finite where D is sure and wrong (logits of ±200): "
           "before the logarithm, a sigmoid rounds to 0 or an exponential to infinity. Which function of the logit "
           "does both at once?")
    expect(not 0 < got < 399, capped)
    expect_close(got, 400.0, "your loss for logits of ±200", rtol=1e-3)


def _players():
    """A generator and a discriminator small enough to be quick, the same ones each time."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(5)
    G = keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(2)])
    D = keras.Sequential([keras.Input((2,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
    return G, D


def _check_generator_gradients(generator_gradients):
    import tensorflow as tf

    G, D = _players()
    z = tf.constant(np.random.default_rng(0).standard_normal((8, 3)), tf.float32)

    def gradients(loss, variables):
        with tf.GradientTape() as tape:
            value = loss(D(G(z)))
        return [to_numpy(g) for g in tape.gradient(value, variables)]

    weights = [w.numpy() for w in G.weights + D.weights]
    want = gradients(lambda f: tf.reduce_mean(tf.nn.softplus(-f)), G.trainable_variables)
    got = generator_gradients(G, D, z)
    expect(all((w.numpy() == old).all() for w, old in zip(G.weights + D.weights, weights, strict=True)),
           "the function has changed weights; asked are the gradients alone, nothing is applied here.")
    expect(got is not None, "the function gives None, no list of gradients: is a `return` missing?")
    expect(isinstance(got, (list, tuple)), f"asked is a list of gradients, yours is a {type(got).__name__}.")
    shapes = [None if g is None else tuple(np.shape(g)) for g in got]
    expect(None not in shapes, "a gradient is None: the tape didn't see how the loss depends on these variables. "
           "Were the generated images made before the tape began to watch?")
    expect(shapes != [tuple(w.shape) for w in D.trainable_variables], "these are gradients with respect to D's "
           "variables; applied, they would make D help G. Each player moves its own variables only.")
    expect(shapes == [w.shape for w in want],
           f"the shapes are {shapes}; asked is one gradient for each of G's trainable variables.")
    flat = lambda parts: np.concatenate([np.ravel(p) for p in parts])  # noqa: E731
    saturating = gradients(lambda f: -tf.reduce_mean(tf.nn.softplus(f)), G.trainable_variables)
    expect_close(flat(got), flat(want), "your gradients", rtol=1e-4, known={
        "these belong to the saturating loss, E[log(1 - D(G(z)))], which is weak while D wins; asked is the "
        "modified one.": flat(saturating),
        "the sign is the other way round: G would learn to be caught.": -flat(want),
        "these are eight times too large: the losses were summed over the batch, not averaged.": 8 * flat(want),
        "G was asked to make D say fake: this is D's loss on generated images, not G's.": -flat(saturating),
    })


def _check_mix(mix):
    import tensorflow as tf

    shape = (500, 2, 3, 1)
    x_real, x_fake = np.full(shape, 1.0, np.float32), np.full(shape, -1.0, np.float32)
    got = mix(tf.constant(x_real), tf.constant(x_fake))
    expect_shape(got, shape, "the mixture")
    share = (to_numpy(got, "the mixture").astype(np.float64) + 1) / 2          # 1 is real, 0 generated
    inside = share.reshape(len(share), -1)
    again = to_numpy(mix(tf.constant(x_real), tf.constant(x_fake)))
    expect(not np.array_equal(again, to_numpy(got)), "a second call mixes by the same numbers; draw random ones.")
    expect(np.ptp(share) > 1e-6, "there is one number for the whole batch; each image should get its own.")
    expect(np.ptp(inside, axis=1).max() < 1e-5, "the pixels of one image are mixed by different numbers; asked is "
           "one number for each image, so that the mixture lies on the line between a real and a generated one.")
    share = inside[:, 0]
    expect(share.min() > -1e-5 and share.max() < 1 + 1e-5, "some mixtures lie outside the line between real and "
           "generated: the mixing number must lie in [0, 1]. A normal number doesn't; a uniform one does.")
    # For 500 uniform numbers the mean is 0.5 +- 0.013 and the spread 0.289 +- 0.006: six standard errors.
    expect(abs(share.mean() - 0.5) < 0.08 and abs(share.std() - 12**-0.5) < 0.04,
           f"the mixing numbers have mean {share.mean():.2f} and standard deviation {share.std():.2f}; uniform on "
           "[0, 1] they would be 0.50 and 0.29.")
    rng = np.random.default_rng(1)
    a, b = (rng.uniform(-1, 1, (500, 2, 3, 3)).astype(np.float32) for _ in range(2))
    got = to_numpy(mix(tf.constant(a), tf.constant(b))).astype(np.float64)
    expect_shape(got, a.shape, "the mixture")

    def on_the_line(axes):
        t = ((got - b) * (a - b)).sum(axes, keepdims=True) / ((a - b) ** 2).sum(axes, keepdims=True)
        return b + t * (a - b)

    expect_close(got, on_the_line((1, 2, 3)), "the mixture of one image of each kind", atol=1e-4, known={
        "its channels are mixed by different numbers; asked is one number for each image.": on_the_line((1, 2))})


EXERCISES = (
    Exercise(
        id="08.1", title="D's loss from logits", answer="discriminator_loss", check=_check_discriminator_loss,
        setup="import tensorflow as tf",
        stub='''def discriminator_loss(real_logits, fake_logits):
    """Logits (n, 1) of D on real and on generated samples -> the modified loss of D, a scalar."""
    raise NotImplementedError
''',
        hints=(
            "D should say real for the first batch and fake for the second. Write the two losses one by one.",
            "Minus the logarithm of a sigmoid is a function that TensorFlow has: look at tf.nn.softplus.",
            "-log s(a) is the softplus of -a, and 1 - s(a) is s(-a). Then a mean over each batch, and their sum.",
        ),
        solution='''def discriminator_loss(real_logits, fake_logits):
    """Logits (n, 1) of D on real and on generated samples -> the modified loss of D, a scalar."""
    on_real = tf.reduce_mean(tf.nn.softplus(-real_logits))
    on_fake = tf.reduce_mean(tf.nn.softplus(fake_logits))
    return on_real + on_fake
''',
        wrong={
            "a minus between the terms": "def discriminator_loss(r, f):\n    return tf.reduce_mean("
                                         "tf.nn.softplus(-r)) - tf.reduce_mean(tf.nn.softplus(f))",
            "the value, not the loss": "def discriminator_loss(r, f):\n    return -tf.reduce_mean("
                                       "tf.nn.softplus(-r)) - tf.reduce_mean(tf.nn.softplus(f))",
            "places changed": "def discriminator_loss(r, f):\n    return tf.reduce_mean(tf.nn.softplus(r)) + "
                              "tf.reduce_mean(tf.nn.softplus(-f))",
            "sigmoid, then log": "def discriminator_loss(r, f):\n    return -tf.reduce_mean(tf.math.log("
                                 "tf.sigmoid(r))) - tf.reduce_mean(tf.math.log(1 - tf.sigmoid(f)))",
            "no mean": "def discriminator_loss(r, f):\n    return tf.nn.softplus(-r) + tf.nn.softplus(f)",
            "a small number in the log": "def discriminator_loss(r, f):\n    return -tf.reduce_mean(tf.math.log("
                                         "tf.sigmoid(r) + 1e-7)) - tf.reduce_mean("
                                         "tf.math.log(1 - tf.sigmoid(f) + 1e-7))",
            "TF-GAN's default": "from gan_helpers.compat import tensorflow_gan as tfgan\n"
                                "def discriminator_loss(r, f):\n    return tfgan.losses.wargs."
                                "modified_discriminator_loss(r, f, add_summaries=False)",
            "a sigmoid too many": "def discriminator_loss(r, f):\n    r, f = tf.sigmoid(r), tf.sigmoid(f)\n"
                                  "    return tf.reduce_mean(tf.nn.softplus(-r)) + tf.reduce_mean(tf.nn.softplus(f))",
            "two numbers": "def discriminator_loss(r, f):\n    return tf.reduce_mean(tf.nn.softplus(-r)), "
                           "tf.reduce_mean(tf.nn.softplus(f))",
            "half": "def discriminator_loss(r, f):\n    return tf.reduce_mean(tf.nn.softplus(tf.concat([-r, f], 0)))",
        },
    ),
    Exercise(
        id="08.2", title="The gradients of G", answer="generator_gradients", check=_check_generator_gradients,
        setup="import tensorflow as tf",
        stub='''def generator_gradients(G, D, z):
    """The gradients of G's modified loss with respect to G's trainable variables, a list."""
    raise NotImplementedError
''',
        hints=(
            "Everything that the gradient should flow through happens inside `with tf.GradientTape() as tape:`.",
            "From z to images, from images to logits, from logits to the modified loss -log s(logit), averaged.",
            "After the block: tape.gradient(the loss, whose variables?)",
        ),
        solution='''def generator_gradients(G, D, z):
    """The gradients of G's modified loss with respect to G's trainable variables, a list."""
    with tf.GradientTape() as tape:
        fake_logits = D(G(z, training=True), training=True)
        loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    return tape.gradient(loss, G.trainable_variables)
''',
        wrong={
            "D's variables": "def generator_gradients(G, D, z):\n    with tf.GradientTape() as tape:\n"
                             "        loss = tf.reduce_mean(tf.nn.softplus(-D(G(z))))\n"
                             "    return tape.gradient(loss, D.trainable_variables)",
            "images outside the tape": "def generator_gradients(G, D, z):\n    x = G(z)\n"
                                       "    with tf.GradientTape() as tape:\n"
                                       "        loss = tf.reduce_mean(tf.nn.softplus(-D(x)))\n"
                                       "    return tape.gradient(loss, G.trainable_variables)",
            "saturating": "def generator_gradients(G, D, z):\n    with tf.GradientTape() as tape:\n"
                          "        loss = -tf.reduce_mean(tf.nn.softplus(D(G(z))))\n"
                          "    return tape.gradient(loss, G.trainable_variables)",
            "sum": "def generator_gradients(G, D, z):\n    with tf.GradientTape() as tape:\n"
                   "        loss = tf.reduce_sum(tf.nn.softplus(-D(G(z))))\n"
                   "    return tape.gradient(loss, G.trainable_variables)",
            "nothing returned": "def generator_gradients(G, D, z):\n    with tf.GradientTape() as tape:\n"
                                "        loss = tf.reduce_mean(tf.nn.softplus(-D(G(z))))\n"
                                "    tape.gradient(loss, G.trainable_variables)",
            "the loss": "def generator_gradients(G, D, z):\n    return tf.reduce_mean(tf.nn.softplus(-D(G(z))))",
        },
    ),
    Exercise(
        id="08.3", title="Mixing real and generated for the gradient penalty", answer="mix", check=_check_mix,
        setup="import tensorflow as tf",
        stub='''def mix(x_real, x_fake):
    """Two batches (n, height, width, channels) -> random points between each pair, the same shape."""
    raise NotImplementedError
''',
        hints=(
            "A point between a and b is t a + (1 - t) b. Which values may t have?",
            "One t for each image: t needs n numbers, and the shape that multiplies a whole image by its number.",
            "tf.random.uniform draws numbers of a given shape; the axes of size 1 stretch by themselves.",
        ),
        solution='''def mix(x_real, x_fake):
    """Two batches (n, height, width, channels) -> random points between each pair, the same shape."""
    t = tf.random.uniform((x_real.shape[0], 1, 1, 1))
    return t * x_real + (1 - t) * x_fake
''',
        wrong={
            "a normal number": "def mix(x_real, x_fake):\n    t = tf.random.normal((x_real.shape[0], 1, 1, 1))\n"
                               "    return t * x_real + (1 - t) * x_fake",
            "one for the batch": "def mix(x_real, x_fake):\n    t = tf.random.uniform(())\n"
                                 "    return t * x_real + (1 - t) * x_fake",
            "one for each pixel": "def mix(x_real, x_fake):\n    t = tf.random.uniform(x_real.shape)\n"
                                  "    return t * x_real + (1 - t) * x_fake",
            "one for each channel": "def mix(x_real, x_fake):\n    t = tf.random.uniform("
                                    "(x_real.shape[0], 1, 1, x_real.shape[3]))\n"
                                    "    return t * x_real + (1 - t) * x_fake",
            "the middle": "def mix(x_real, x_fake):\n    return (x_real + x_fake) / 2",
            "half of the line": "def mix(x_real, x_fake):\n    t = tf.random.uniform("
                                           "(x_real.shape[0], 1, 1, 1), 0, 0.5)\n"
                                           "    return t * x_real + (1 - t) * x_fake",
            "added up": "def mix(x_real, x_fake):\n    t = tf.random.uniform((x_real.shape[0],))\n"
                        "    return t * x_real + (1 - t) * x_fake",
        },
    ),
)

QUIZ = (
    Question("What is tfgan.GANModel?", (
        Option("A Keras model that can be trained with fit", "No: it has no fit, no call and no weights of its "
               "own. GAN in gan_helpers.training is the Keras model; it makes a GANModel at each step."),
        Option("A named tuple that says who made what in one batch", "Yes: noise, samples, D's outputs and the "
               "variables of both players, so that any of TF-GAN's losses can be read off it.", right=True),
        Option("The generator and the discriminator as one network", "No: the players stay two networks with "
               "variables of their own; the tuple only names them."),
    )),
    Question("D can't tell at all: every logit is 0. What is the modified loss of D?", (
        Option("0", "No: a loss of 0 needs a D that is sure and right on every image."),
        Option("log 2, about 0.69", "No: that is the generator's. D pays log 2 twice, on real and on generated."),
        Option("2 log 2, about 1.39", "Yes: log 2 on the real and log 2 on the generated images.", right=True),
    )),
    Question("Why are the generated images made inside the tape for G's step?", (
        Option("So that they are different each time", "No: they differ because z does. The tape draws nothing."),
        Option("So that the gradient finds its way from the loss back to G's weights",
               "Yes: made outside, they are constants for the tape, and G's gradients are None.", right=True),
        Option("So that D doesn't learn from them", "No: which variables move is decided by what you ask "
               "tape.gradient for, not by where the images were made."),
    )),
    Question("tfgan.gan_model(...) raises in your notebook. What is the remedy?", (
        Option("Give it the dataset as real_data", "No: real_data is one batch, a tensor. And the function builds "
               "a TensorFlow 1 graph, which eager mode refuses whatever the data."),
        Option("Fill in a tfgan.GANModel yourself", "Yes: in eager mode you call your networks yourself and write "
               "down the results; the losses take it from there.", right=True),
        Option("Install an older TensorFlow", "Not needed: the losses, which are what TF-GAN is about, work in "
               "eager mode with a GANModel that you fill in."),
    )),
)
