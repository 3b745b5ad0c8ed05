"""Right answers in other words than the solution's: each must pass, and a library's errors are told whole."""

import re

import pytest
from test_checks import ALL, double, verdict

LOOP = "    order = rng.permutation(n)\n    full = [order[i * size:(i + 1) * size] for i in range(n // size)]\n"
CONVOLUTIONS = "layers.Conv2D(8, 4, 2, 'same'), layers.LeakyReLU(0.2)"
RIGHT = [
    ("05.1", "def jensen_shannon(real, fake):\n    p, q = real / real.sum(), fake / fake.sum()\n    m = (p + q) / 2\n"
             "    return sum(np.sum(h * np.log(h / (m + 1e-12) + 1e-8)) for h in (p, q)) / 2"),
    ("05.2", "def modes_covered(x, centres, spread):\n    squares = ((x[:, None] - centres) ** 2).sum(-1)\n"
             "    near = [sum(s <= 9 * spread ** 2) for s in squares.T]\n"
             "    return len([n for n in near if n >= 0.2 * len(x) / len(centres)])"),
    ("05.3", "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit))[:, None]\n"
             "    return np.stack([(1 - d) * slope, d * slope])"),
    ("05.3", "import tensorflow as tf\ndef pulls(logit, slope):\n    d = tf.sigmoid(logit)[:, None]\n"
             "    return tf.stack([(1 - d) * slope, d * slope])"),
    ("05.4", "def floor(metric, draw, n, rounds):\n    seeds = iter(range(100, 1000))\n"
             "    return sum(metric(draw(n, next(seeds)), draw(n, next(seeds))) for _ in range(rounds)) / rounds"),
    ("05.5", "def chance_to_win(a, b):\n    return (np.sign(np.subtract.outer(b, a)).mean() + 1) / 2"),
    ("06.1", "import tensorflow as tf\ndef to_pixels(x):\n    return tf.cast(tf.round((x + 1) * 127.5), tf.uint8)"),
    ("06.1", "def to_pixels(x):\n    return (x * 127.5 + 128).astype('uint8')"),
    ("06.2", f"def one_pass(n, size, rng):\n{LOOP}    return full"),
    ("06.2", f"def one_pass(n, size, rng):\n{LOOP}    return tuple(row.tolist() for row in full)"),
    ("06.2", "import tensorflow as tf\ndef one_pass(n, size, rng):\n"
             "    return tf.reshape(rng.permutation(n)[n % size:], (-1, size))"),
    ("06.2", "def one_pass(n, size, rng):\n    return rng.choice(n, (n // size, size), replace=False)"),
    ("06.3", "def pair_stream(x, y, size):\n    pairs = tf.data.Dataset.from_tensor_slices((x, y))\n"
             "    return pairs.shuffle(10_000).repeat().batch(size, True).prefetch(2)"),
    ("06.3", "def pair_stream(x, y, size):\n    make = tf.data.Dataset\n"
             "    order = make.range(len(x)).shuffle(len(x)).batch(size, drop_remainder=True)\n"
             "    return order.map(lambda i: (tf.gather(x, i), tf.gather(y, i))).repeat()"),
    ("06.4", "def unit_uniform(n, z_dim, rng):\n    return (rng.random((n, z_dim), np.float32) - 0.5) * 12 ** 0.5"),
    ("07.1", "import numpy as np\ndef map_sizes(n, stack):\n    sizes = [n]\n    for k, s, padding in stack:\n"
             "        n = np.ceil(n / s) if padding == 'same' else np.ceil((n - k + 1) / s)\n"
             "        sizes.append(n)\n    return np.array(sizes[1:])"),
    ("07.3", "def up_block(channels):\n    return keras.Sequential([keras.layers.Conv2DTranspose(channels, 2, 2),\n"
             "        keras.layers.BatchNormalization(), keras.layers.Activation('relu')])"),
    *(("07.4", f"def make_discriminator():\n    return keras.Sequential([keras.Input((28, 28, 1)), {between}])")
      for between in (
          f"keras.Sequential([{CONVOLUTIONS}]), layers.Flatten(), layers.Dense(1)",
          f"{CONVOLUTIONS}, layers.Conv2D(1, 14), layers.Flatten()",
          "layers.Conv2D(8, 4, 2, 'same', activation='tanh'), layers.Flatten(), layers.Dense(1)",
          "layers.SeparableConv2D(8, 4, 2, activation='relu'), layers.Flatten(), layers.Dense(1)",
          "layers.SpectralNormalization(layers.Conv2D(8, 4, 2)), layers.LeakyReLU(), layers.Flatten(), layers.Dense(1)",
          f"{CONVOLUTIONS}, layers.GlobalMaxPooling2D(), layers.Dense(1)",
          "layers.Conv2D(8, 3, 2, activation='relu'), layers.Conv2D(8, 3, 2, activation='relu'), layers.Flatten(), "
          "layers.Dense(8, activation='relu'), layers.Dense(1, activation='linear')",
      )),
    ("07.4", f"class Critic(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
             f"        self.last = layers.Dense(1)\n        self.body = keras.Sequential([{CONVOLUTIONS}])\n"
             "        self.flatten = layers.Flatten()\n    def call(self, x):\n"
             "        return self.last(self.flatten(self.body(x)))\ndef make_discriminator():\n    return Critic()"),
    ("08.1", "import keras\ndef discriminator_loss(r, f):\n"
             "    loss = keras.losses.BinaryCrossentropy(from_logits=True)\n"
             "    return loss(tf.ones_like(r), r) + loss(tf.zeros_like(f), f)"),
    ("08.1", "import numpy as np\ndef discriminator_loss(r, f):\n"
             "    return np.mean(np.logaddexp(0, -r)) + np.mean(np.logaddexp(0, f))"),
    ("08.2", "def generator_gradients(G, D, z):\n    with tf.GradientTape(persistent=True) as tape:\n"
             "        loss = -tf.reduce_mean(tf.math.log_sigmoid(D(G(z))))\n"
             "    return tuple(tape.gradient(loss, w).numpy() for w in G.trainable_variables)"),
    ("08.3", "import numpy as np\ndef mix(x_real, x_fake):\n    t = np.random.rand(len(x_real), 1, 1, 1)\n"
             "    return x_fake.numpy() + t * (x_real.numpy() - x_fake.numpy())"),
]


@pytest.mark.parametrize("exercise_id, source", RIGHT, ids=[f"{name}-{i}" for i, (name, _) in enumerate(RIGHT)])
def test_a_right_answer_in_other_words_passes(exercise_id, source):
    exercise, = (one for one in ALL if one.id == exercise_id)
    assert verdict(exercise, source) is None


def test_an_error_in_compiled_library_code_is_told_with_the_learners_line():
    source = "import numpy as np\ndef double(x):\n    return np.random.default_rng(0).uniform(1, -1, 3)"
    said = verdict(double(), source)
    assert said.startswith("your code stopped with ValueError") and said.endswith(
        "line 3: return np.random.default_rng(0).uniform(1, -1, 3)")


def test_what_keras_says_is_not_cut_before_its_reason():
    source = ("import keras\ndef double(x):\n    layers = [keras.Input((3,)), keras.layers.Dense(1)]\n"
              "    return keras.Sequential(layers)(x[None, :2])")
    said = verdict(double(), source)
    assert re.search(r"Input 0 of layer .* incompatible", said) and "\x1b" not in said and "(layers)(x" in said
