"""Chapter 07: sizes and parameters by arithmetic, a generator's block, a discriminator."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_shape


def _sizes(n, stack, rule):
    """The sides after each layer when `rule(n, kernel, stride, padding)` gives one side."""
    sides = []
    for layer in stack:
        n = rule(n, *layer)
        sides.append(n)
    return sides


def _rule(n, kernel, stride, padding):
    return -(-n // stride) if padding == "same" else (n - kernel) // stride + 1


def _check_map_sizes(map_sizes):
    def swapped(n, kernel, stride, padding):
        return _rule(n, kernel, stride, "valid" if padding == "same" else "same")

    def rounded_down(n, kernel, stride, padding):
        return n // stride if padding == "same" else _rule(n, kernel, stride, padding)

    def rounded_up(n, kernel, stride, padding):
        return -(-(n - kernel) // stride) + 1 if padding == "valid" else _rule(n, kernel, stride, padding)

    def one_too_few(n, kernel, stride, padding):
        return (n - kernel) // stride if padding == "valid" else _rule(n, kernel, stride, padding)

    for n, stack in (
        (28, [(4, 2, "same"), (4, 2, "same")]),
        (28, [(5, 1, "valid"), (2, 2, "valid"), (5, 1, "valid")]),
        (27, [(3, 2, "same"), (3, 2, "same"), (4, 1, "valid")]),
        (15, [(6, 2, "valid")]),
        (13, [(5, 4, "same")]),
    ):
        want = _sizes(n, stack, _rule)
        got = map_sizes(n, list(stack))
        expect(got is None or np.shape(got) != (), f"map_sizes({n}, {stack}) is one number; asked is a list "
               "with the side after each layer.")
        expect_close(got, want, f"map_sizes({n}, {stack})", known={
            'a layer with "same" follows the rule of "valid", or the other way round.': _sizes(n, stack, swapped),
            'with "same", a side that the stride doesn\'t divide is rounded up, not down.':
                _sizes(n, stack, rounded_down),
            'with "valid", a place where the kernel would stick out is left out: round down, not up.':
                _sizes(n, stack, rounded_up),
            'with "valid", the first place is missing: between k places lie k - 1 steps.':
                _sizes(n, stack, one_too_few),
            "every layer begins with n; the second one should begin with what the first one made.":
                [_rule(n, *layer) for layer in stack],
        })


def _check_count_parameters(count_parameters):
    from keras import layers

    for kernel, c_in, c_out, use_bias in ((4, 64, 32, False), (3, 5, 7, True), (4, 32, 1, True)):
        layer = layers.Conv2DTranspose(c_out, kernel, strides=2, padding="same", use_bias=use_bias)
        layer.build((None, 7, 7, c_in))
        weights = kernel**2 * c_in * c_out
        expect_close(
            count_parameters(kernel, c_in, c_out, use_bias), layer.count_params(),
            f"count_parameters({kernel}, {c_in}, {c_out}, {use_bias})", rtol=1e-9, known={
                "a kernel is a square: it has k rows and k columns.":
                    kernel * c_in * c_out + use_bias * c_out,
                "there is a kernel for each pair of an input and an output channel; here the input channels "
                "are not counted.": kernel**2 * c_out + use_bias * c_out,
                "the biases are missing: the layer adds a number to each of its output channels.": weights,
                "use_bias is False, but biases are counted.": weights + c_out,
                "a bias belongs to an output channel, not to an input channel.": weights + use_bias * c_in,
                "a bias is shared: one for each output channel, not for each kernel.":
                    weights + use_bias * c_in * c_out,
            })


def _check_up_block(up_block):
    import keras
    from keras import layers, ops

    rng = np.random.default_rng(0)
    for shape, channels in (((8, 7, 7, 16), 12), ((8, 5, 3, 6), 4)):
        block = up_block(channels)
        expect(isinstance(block, keras.Sequential),
               f"up_block({channels}) should return a keras.Sequential, it returns a {type(block).__name__}.")
        made_for = block.input_shape if block.built else shape
        expect(all(side in (None, n) for side, n in zip(made_for, shape, strict=True)),
               f"the block is made for inputs of shape {made_for} alone, and can't take {shape}. Leave `keras.Input` "
               "out: the layers then fit what they first get.")
        x = rng.normal(size=shape).astype(np.float32)
        y = np.asarray(block(x, training=True))
        n, height, width, _ = shape
        expect(y.shape[1:3] != (height, width), f"height and width stay {height} and {width}: nothing "
               "doubles them. What does `strides` do in a transposed convolution?")
        expect_shape(y, (n, 2 * height, 2 * width, channels), f"the block's output for an input of {shape}")
        for layer in block.layers:
            if isinstance(layer, layers.Conv2DTranspose):
                expect(layer.kernel_size[0] % layer.strides[0] == 0,
                       f"the size is right, but a kernel of {layer.kernel_size[0]} is no multiple of the "
                       f"stride {layer.strides[0]}: the stamps overlap unevenly, a checkerboard.")
        expect(y.min() < 0.0 or (y == 0).any(), "no output is cut off at 0: is ReLU missing?")
        expect(y.min() >= 0, "some outputs are negative: ReLU should be the last layer of the block, after "
               "the batch normalisation.")
        louder = np.asarray(block(ops.multiply(x, 100.0), training=True))
        expect(np.abs(louder - y).max() < 0.1 * np.abs(y).max() + 1e-3,
               "an input that is 100 times larger gives a larger output: a batch normalisation would bring "
               "both to the same scale.")
        # ReLU of numbers with mean 0 and variance 1 has a mean square of about one half.
        square = float((y**2).mean())
        expect(0.3 < square < 0.7, "what reaches ReLU doesn't have mean 0 and spread 1: the batch "
               "normalisation belongs between the convolution and ReLU.")


def _inside(layer):
    """A layer and the layers in it, at any depth."""
    parts = [*getattr(layer, "layers", ()), getattr(layer, "layer", None)]      # of a model; of a wrapper
    return [layer, *(inner for part in parts if part is not None for inner in _inside(part))]


def _check_make_discriminator(make_discriminator):
    import keras
    from keras import layers

    model = make_discriminator()
    expect(isinstance(model, keras.Model), f"the function should return a Keras model, it returns a "
           f"{type(model).__name__}.")
    x = np.random.default_rng(0).uniform(-1, 1, (50, 28, 28, 1)).astype(np.float32)
    y = np.asarray(model(x[:5]))
    expect(y.ndim != 4, f"for five images it gives numbers of shape {y.shape}: one for each place. Nothing "
           "was flattened, so no number sees the whole image.")
    expect_shape(y, (5, 1), "the model's output for five images")
    expect(model.trainable_variables, "the model has no trainable variables: are its layers made anew at "
           "each call? Make them once, before the first call.")
    parts = _inside(model)
    expect(any(len(kernel.shape) == 4 for kernel in model.trainable_variables), "there is no Conv2D in it: to a "
           "dense layer alone, neighbouring pixels are as foreign as far ones.")
    expect(not any(isinstance(layer, layers.BatchNormalization) for layer in parts),
           "it has a batch normalisation: while training, the other images of a batch would change an "
           "image's logit.")
    loud, opposite, zero = (np.asarray(model(factor * x)) for factor in (1e4, -1e4, 0.0))
    both = np.concatenate([loud, opposite])
    expect(both.min() < 0 or both.max() > 1, "even for inputs that are ten thousand times too large, the "
           "outputs stay between 0 and 1: they are probabilities. Return the logits.")
    expect(np.abs(both).max() > 1, "even for inputs that are ten thousand times too large, the outputs stay "
           "between -1 and 1. The last layer should have no activation.")
    # By chance an untrained D may find all images real; with the signs of its last weights turned, fake.
    last = next(layer for layer in reversed(parts) if layer.trainable_variables)
    weights = last.get_weights()
    last.set_weights([-w for w in weights])
    turned = np.asarray(model(1e4 * x))
    last.set_weights(weights)
    expect(min(both.min(), turned.min()) < 0, "no output is ever below 0, so D can't say \"fake\": the last "
           "layer should have no activation.")
    if isinstance(model, keras.Sequential):     # only there the last layer is sure to be the last one to work
        expect(np.abs(turned + loud).max() < 1e-3 * np.abs(loud).max(), "something bends the logits after the last "
               "weights: that layer should have no activation, and none should follow.")
    bend = np.asarray(model(1e4 * (x + x[::-1]))) - loud - loud[::-1] + zero
    expect(np.abs(bend).max() > 1e-3 * np.abs(loud).max(), "the whole model is one "
           "straight line: D(x + y) = D(x) + D(y) - D(0) for all x and y. Put an activation after each convolution.")
    pixels = 1e4 * np.eye(784, dtype=np.float32).reshape(784, 28, 28, 1)
    seen = np.any([np.asarray(model(sign * pixels)) != zero[0] for sign in (1, -1)], axis=0).mean()
    expect(seen > 0.7, f"only {seen:.0%} of the pixels can change the logit; a discriminator should see "
           "all of the image. Is a stride larger than its kernel?")


EXERCISES = (
    Exercise(
        id="07.1", title="Sizes through a stack", answer="map_sizes", check=_check_map_sizes,
        stub='''def map_sizes(n, stack):
    """Side n and layers [(kernel, stride, padding), ...] -> list: the side after each Conv2D layer."""
    raise NotImplementedError
''',
        hints=(
            "Go through the layers one by one. What one layer makes is the input of the next.",
            'There are two rules: one for "same", where the kernel doesn\'t matter, one for "valid".',
            "Whole-number division rounds down: 27 // 2 is 13. To round up, add stride - 1 first.",
        ),
        solution='''def map_sizes(n, stack):
    """Side n and layers [(kernel, stride, padding), ...] -> list: the side after each Conv2D layer."""
    sizes = []
    for kernel, stride, padding in stack:
        if padding == "same":
            n = (n + stride - 1) // stride
        else:
            n = (n - kernel) // stride + 1
        sizes.append(n)
    return sizes
''',
        wrong={
            "paddings swapped": '''def map_sizes(n, stack):
    sizes = []
    for k, s, padding in stack:
        n = -(-n // s) if padding == "valid" else (n - k) // s + 1
        sizes.append(n)
    return sizes
''',
            "same rounded down": '''def map_sizes(n, stack):
    sizes = []
    for k, s, padding in stack:
        n = n // s if padding == "same" else (n - k) // s + 1
        sizes.append(n)
    return sizes
''',
            "same rounded to the nearest": '''def map_sizes(n, stack):
    sizes = []
    for k, s, padding in stack:
        n = round(n / s) if padding == "same" else (n - k) // s + 1
        sizes.append(n)
    return sizes
''',
            "one place missing": '''def map_sizes(n, stack):
    sizes = []
    for k, s, padding in stack:
        n = -(-n // s) if padding == "same" else (n - k) // s
        sizes.append(n)
    return sizes
''',
            "valid rounded up": '''def map_sizes(n, stack):
    sizes = []
    for k, s, padding in stack:
        n = -(-n // s) if padding == "same" else -(-(n - k) // s) + 1
        sizes.append(n)
    return sizes
''',
            "always from n": '''def map_sizes(n, stack):
    return [-(-n // s) if padding == "same" else (n - k) // s + 1 for k, s, padding in stack]
''',
            "the last one only": '''def map_sizes(n, stack):
    for k, s, padding in stack:
        n = -(-n // s) if padding == "same" else (n - k) // s + 1
    return n
''',
        },
    ),
    Exercise(
        id="07.2", title="Parameters of a transposed convolution", answer="count_parameters",
        check=_check_count_parameters,
        stub='''def count_parameters(kernel, c_in, c_out, use_bias):
    """How many numbers a Conv2DTranspose with a square kernel has to learn."""
    raise NotImplementedError
''',
        hints=(
            "Does the number depend on the size of the image? Does it depend on the stride?",
            "Each input channel stamps its own square kernel on each output channel.",
            "A bias is added to a whole output channel, so there are as many as output channels.",
        ),
        solution='''def count_parameters(kernel, c_in, c_out, use_bias):
    """How many numbers a Conv2DTranspose with a square kernel has to learn."""
    weights = kernel * kernel * c_in * c_out
    return weights + c_out if use_bias else weights
''',
        wrong={
            "kernel not squared": "def count_parameters(kernel, c_in, c_out, use_bias):\n"
                                  "    return kernel * c_in * c_out + use_bias * c_out",
            "input channels forgotten": "def count_parameters(kernel, c_in, c_out, use_bias):\n"
                                        "    return kernel**2 * c_out + use_bias * c_out",
            "no bias": "def count_parameters(kernel, c_in, c_out, use_bias):\n"
                       "    return kernel**2 * c_in * c_out",
            "always a bias": "def count_parameters(kernel, c_in, c_out, use_bias):\n"
                             "    return kernel**2 * c_in * c_out + c_out",
            "a bias for each input channel": "def count_parameters(kernel, c_in, c_out, use_bias):\n"
                                             "    return kernel**2 * c_in * c_out + use_bias * c_in",
            "a bias for each kernel": "def count_parameters(kernel, c_in, c_out, use_bias):\n"
                                      "    return (kernel**2 + use_bias) * c_in * c_out",
        },
    ),
    Exercise(
        id="07.3", title="A block that doubles the size", answer="up_block", check=_check_up_block,
        setup="import keras\nfrom keras import layers",
        stub='''def up_block(channels):
    """A keras.Sequential: (n, height, width, any) -> (n, 2 * height, 2 * width, channels), 0 or more."""
    raise NotImplementedError
''',
        hints=(
            "Three layers: one that enlarges, one that normalises, one that bends. What is their order in G?",
            "The stride sets how far apart the stamps are. Which padding gives exactly twice the size?",
            "Choose a kernel that the stride divides, so that the stamps overlap evenly.",
        ),
        solution='''def up_block(channels):
    """A keras.Sequential: (n, height, width, any) -> (n, 2 * height, 2 * width, channels), 0 or more."""
    return keras.Sequential([
        layers.Conv2DTranspose(channels, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ])
''',
        wrong={
            "no stride": '''def up_block(channels):
    return keras.Sequential([
        layers.Conv2DTranspose(channels, 4, padding="same"), layers.BatchNormalization(), layers.ReLU()])
''',
            "a kernel of 3": '''def up_block(channels):
    return keras.Sequential([
        layers.Conv2DTranspose(channels, 3, strides=2, padding="same"), layers.BatchNormalization(),
        layers.ReLU()])
''',
            "padding valid": '''def up_block(channels):
    return keras.Sequential([
        layers.Conv2DTranspose(channels, 4, strides=2), layers.BatchNormalization(), layers.ReLU()])
''',
            "ReLU before the normalisation": '''def up_block(channels):
    return keras.Sequential([
        layers.Conv2DTranspose(channels, 4, strides=2, padding="same"), layers.ReLU(),
        layers.BatchNormalization()])
''',
            "no normalisation": '''def up_block(channels):
    return keras.Sequential([
        layers.Conv2DTranspose(channels, 4, strides=2, padding="same"), layers.ReLU()])
''',
            "normalisation first": '''def up_block(channels):
    return keras.Sequential([
        layers.BatchNormalization(), layers.Conv2DTranspose(channels, 4, strides=2, padding="same"),
        layers.Rescaling(3.0), layers.ReLU()])
''',
            "for one size": '''def up_block(channels):
    return keras.Sequential([
        keras.Input((7, 7, 16)), layers.Conv2DTranspose(channels, 4, strides=2, padding="same"),
        layers.BatchNormalization(), layers.ReLU()])
''',
            "a layer, not a model": '''def up_block(channels):
    return layers.Conv2DTranspose(channels, 4, strides=2, padding="same")
''',
            "takes the image": "def up_block(x, channels):\n    return layers.UpSampling2D()(x)",
        },
    ),
    Exercise(
        id="07.4", title="A discriminator of your own", answer="make_discriminator",
        check=_check_make_discriminator, setup="import keras\nfrom keras import layers",
        stub='''def make_discriminator():
    """A Keras model with a convolution: images (n, 28, 28, 1) -> logits (n, 1)."""
    raise NotImplementedError
''',
        hints=(
            "Begin with keras.Sequential, keras.Input((28, 28, 1)) and one convolution. Look at its shape.",
            "A convolution's output has four axes, a batch of logits has two. Which layer goes between them?",
            "The loss does the squashing. So which activation does the last layer get?",
        ),
        solution='''def make_discriminator():
    """A Keras model with a convolution: images (n, 28, 28, 1) -> logits (n, 1)."""
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1),
    ])
''',
        wrong={
            "a sigmoid at the end": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2, activation="relu"), layers.Flatten(),
        layers.Dense(1, activation="sigmoid")])
''',
            "a tanh at the end": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2, activation="relu"), layers.Flatten(),
        layers.Dense(1, activation="tanh")])
''',
            "a softplus at the end": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2), layers.LeakyReLU(0.2), layers.Flatten(),
        layers.Dense(1, activation="softplus")])
''',
            "a leaky ReLU at the end": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2), layers.LeakyReLU(0.2), layers.Flatten(),
        layers.Dense(1), layers.LeakyReLU(0.2)])
''',
            "never flattened": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2), layers.LeakyReLU(0.2), layers.Dense(1)])
''',
            "two outputs": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2), layers.LeakyReLU(0.2), layers.Flatten(),
        layers.Dense(2)])
''',
            "no activation": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2), layers.Flatten(), layers.Dense(1)])
''',
            "no convolution": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dense(1)])
''',
            "batch normalisation": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 4, 2), layers.BatchNormalization(),
        layers.LeakyReLU(0.2), layers.Flatten(), layers.Dense(1)])
''',
            "new layers at each call": '''def make_discriminator():
    class Discriminator(keras.Model):
        def call(self, x):
            x = layers.LeakyReLU(0.2)(layers.Conv2D(8, 4, 2)(x))
            return layers.Dense(1)(layers.Flatten()(x))
    return Discriminator()
''',
            "holes between the kernels": '''def make_discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 2, 4), layers.LeakyReLU(0.2), layers.Flatten(),
        layers.Dense(1)])
''',
            "a function of the images": '''def make_discriminator():
    return lambda x: layers.Dense(1)(layers.Flatten()(x))
''',
        },
    ),
)

QUIZ = (
    Question("A generator is one dense layer with 784 outputs, and has the digits' mean and covariance. What "
             "do its samples look like?", (
        Option("Like digits: 784 outputs are enough for 784 pixels",
               "No: the shape fits, the distribution doesn't. A linear image of a Gaussian is a Gaussian."),
        Option("Like grey ghosts, mixtures of fixed images",
               "Yes: b + W z is a Gaussian around b, here the mean digit.", right=True),
        Option("Like white noise, because z is noise",
               "No: W turns independent noise into pixels that vary together, as strokes do."),
    )),
    Question("D is keras.Input((28, 28, 1)) followed by layers.Dense(1). What comes out for five images?", (
        Option("An error, because a dense layer needs flat input",
               "No, and that is the trap: a dense layer takes any number of axes and works on the last one."),
        Option("Logits of shape (5, 1)", "No: for that, each image has to be flattened into one row first."),
        Option("Numbers of shape (5, 28, 28, 1)",
               "Yes: one for each pixel, all from the same weight and bias. No number sees a shape.",
               right=True),
    )),
    Question("A Conv2D with kernel 4, stride 2 and padding \"same\" gets a 30×30 map. How large is its "
             "output?", (
        Option("14×14", "That is \"valid\": (30 - 4) // 2 + 1."),
        Option("15×15", "Yes: with \"same\" it is 30 / 2; the kernel doesn't matter.", right=True),
        Option("28×28", "No: that would be a kernel of 3 with stride 1 and padding \"valid\"."),
    )),
    Question("A transposed convolution has stride 3. With which kernel do its stamps overlap evenly?", (
        Option("4", "No: 3 doesn't divide 4. Some pixels get one number, some two, some four."),
        Option("5", "No: 3 doesn't divide 5, so the pattern has a period of three pixels."),
        Option("6", "Yes: 6 is a multiple of 3, so each pixel inside gets 2 · 2 = 4 numbers.", right=True),
    )),
    Question("Why does this chapter's D have no batch normalisation?", (
        Option("Its maps are too small for it", "No: it works for any size, even after a dense layer."),
        Option("With it, the other images of a batch would change an image's logit",
               "Yes: mean and spread are taken over the batch, so the images would judge each other.",
               right=True),
        Option("It would bound the logits", "No: the dense layer that follows can put out any number."),
    )),
)
