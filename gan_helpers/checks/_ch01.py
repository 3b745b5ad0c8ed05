"""Chapter 01: a gradient by hand, the error that counts, convolution over channels, batch normalisation."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_equal, expect_shape, to_numpy


def _sigmoid(a):
    return 0.5 * (1 + np.tanh(a / 2))


def _nudged(x, y, w, b, h=1e-5):
    """The slopes of the mean log loss of x @ w + b by finite differences: (w, b)."""
    def loss(w, b):
        a = x @ w + b
        return np.mean(np.logaddexp(0, a) - y * a)

    slopes = [(loss(w + h * one, b) - loss(w - h * one, b)) / (2 * h) for one in np.eye(len(w))]
    return np.array(slopes), (loss(w, b + h) - loss(w, b - h)) / (2 * h)


def _check_neuron_gradient(neuron_gradient):
    for seed, (n, inputs) in enumerate(((6, 3), (5, 4), (1, 2))):
        rng = np.random.default_rng(seed)
        x, w, b = rng.normal(size=(n, inputs)), rng.normal(size=inputs), 0.3
        y = (np.arange(n) % 3 == 0).astype(float)
        got = neuron_gradient(x.copy(), y.copy(), w.copy(), b)
        expect(isinstance(got, (tuple, list)) and len(got) == 2, "asked are two results, the slopes of w and the "
               f"slope of b; your function returns a {type(got).__name__}.")
        want_w, want_b = _nudged(x, y, w, b)
        a = x @ w + b
        p = _sigmoid(a)

        def slopes(d_a, x=x):
            return x.T @ d_a

        expect_close(got[0], want_w, "the slopes of w", rtol=1e-4, atol=1e-6, known={
            "the sign is the other way round: a step would make the loss larger.": -want_w,
            "the losses were added up; asked is their mean, so that the step doesn't depend on the batch size.":
                n * want_w,
            "logit minus label: turn the logit into a probability first.": slopes((a - y) / n),
            "this is the slope of the squared error of the probability, not of the log loss: the log takes the factor "
            "p (1 - p) away again.": slopes((p - y) * p * (1 - p) / n),
            "the labels are missing: this would push every logit down.": slopes(p / n),
        })
        expect_close(got[1], want_b, "the slope of b", rtol=1e-4, atol=1e-6, known={
            "the losses were added up here; the slopes of w are means.": n * want_b,
            "the sign is the other way round.": -want_b,
            "b is not an input of the neuron: it has the weight that an input of 1 would have.":
                b * np.mean(p - y),
        })


def _polynomial_error(t, y, t_new, y_new, degree):
    """Mean squared error on new points of the polynomial that fits (t, y) best; by its normal equations."""
    c = np.polynomial.legendre.legfit(t, y, degree)
    return np.mean((np.polynomial.legendre.legval(t_new, c) - y_new) ** 2)


def _check_choose_degree(choose_degree):
    for seed, n in ((1, 15), (372, 16), (0, 20)):      # 5, 3 and 7 are right
        rng = np.random.default_rng(seed)
        t, t_new = rng.uniform(-1, 1, n), rng.uniform(-1, 1, 200)
        y, y_new = (np.sin(4 * place) + 0.3 * rng.normal(size=len(place)) for place in (t, t_new))
        degrees = [1, 3, 5, 7, 9]
        held_out = [_polynomial_error(t, y, t_new, y_new, degree) for degree in degrees]
        best = degrees[int(np.argmin(held_out))]
        got = to_numpy(choose_degree(t.copy(), y.copy(), t_new.copy(), y_new.copy(), degrees), "your degree")
        expect(got.size == 1, f"asked is one degree, your answer has shape {got.shape}.")
        got = float(got.reshape(()))
        expect(got in degrees or got != int(np.argmin(held_out)), "this is the place of the best degree in the list; "
               "asked is the degree itself.")
        expect(not np.isclose(got, min(held_out)), "this is the smallest error; asked is the degree that has it.")
        expect(got in degrees, f"your degree is {got:g}, which is none of those to choose from, {degrees}.")
        messages = {
            "the largest of all: it has the smallest error on the very points that it was fitted to, and that is no "
            "merit. Fit (t, y), and judge by (t_new, y_new).": degrees[-1],
        }
        for message, mistake in messages.items():
            expect(got == best or got != mistake, message)
        expect_equal(int(got), best, "your degree")


def _convolved(image, kernels, stride):
    """Four loops: rows, columns, kernels, and the sum over a patch."""
    k = kernels.shape[0]
    rows, columns = range(0, image.shape[0] - k + 1, stride), range(0, image.shape[1] - k + 1, stride)
    return np.array([[[float(np.sum(image[i:i + k, j:j + k] * kernels[..., m])) for m in range(kernels.shape[3])]
                      for j in columns] for i in rows])


def _check_conv_layer(conv_layer):
    for height, width, channels, size, maps, stride in ((6, 7, 2, 3, 4, 1), (8, 8, 3, 4, 2, 2), (5, 5, 1, 1, 1, 2)):
        rng = np.random.default_rng(height)
        image, kernels = rng.normal(size=(height, width, channels)), rng.normal(size=(size, size, channels, maps))
        what = f"the maps of an image {image.shape} with kernels {kernels.shape} and stride {stride}"
        got = to_numpy(conv_layer(image.copy(), kernels.copy(), stride), what)
        want = _convolved(image, kernels, stride)
        expect(got.shape != want.shape[:2] or maps == 1, "there is a single map; asked is one for each kernel, in the "
               "last axis.")
        expect(got.shape != _convolved(image, kernels, 1).shape or stride == 1, "the size is that of stride 1: the "
               f"kernel should move on by {stride} pixels, down and to the right.")
        expect(got.shape != (*want.shape[:2], channels, maps) or channels == 1, "the channels are still apart; each "
               "kernel spans all of them, and the sum runs over them too.")
        turned = image.transpose(1, 0, 2)
        expect_close(got, want, what, known={
            "the kernel was turned round before it was used. That is the convolution of the textbooks; here the first "
            "weight belongs to the first pixel of the patch.": _convolved(image, kernels[::-1, ::-1], stride),
            "only the first channel of the image was used.": _convolved(image[..., :1], kernels[:, :, :1], stride),
            "rows and columns of the kernel have changed places.":
                _convolved(turned, kernels, stride).transpose(1, 0, 2),
            "this is the mean over the patch; asked is the sum.": want / (size * size * channels),
        })


def _check_batch_norm_images(batch_norm_images):
    for seed, shape in enumerate(((4, 3, 5, 2), (6, 2, 2, 3))):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=shape) * (0.05 + np.arange(shape[-1])) + 3
        gamma, beta, epsilon = rng.uniform(1, 2, shape[-1]), rng.normal(size=shape[-1]), (0.1, 1e-3)[seed]

        def normal(axes, x=x, gamma=gamma, beta=beta, epsilon=epsilon):
            mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
            return gamma * (x - mean) / np.sqrt(var + epsilon) + beta

        want = np.stack([gamma[c] * (x[..., c] - x[..., c].mean()) / np.sqrt(x[..., c].var() + epsilon) + beta[c]
                         for c in range(shape[-1])], axis=-1)
        centred, var = x - x.mean((0, 1, 2)), x.var((0, 1, 2))
        got = batch_norm_images(x.copy(), gamma.copy(), beta.copy(), epsilon)
        expect_close(got, want, f"the result for images {shape}", known={
            "every pixel has a mean and a spread of its own; asked is one for each channel, over all images and all "
            "their pixels.": normal((0,)),
            "every image is normalised by itself; in batch normalisation the images of a batch share one mean and one "
            "spread for each channel.": normal((1, 2)),
            "one mean and one spread for everything; asked is one for each channel.": normal((0, 1, 2, 3)),
            "divided by the variance; the spread is its square root.": gamma * centred / (var + epsilon) + beta,
            "epsilon was added to the spread; it belongs to the variance, under the root.":
                gamma * centred / (np.sqrt(var) + epsilon) + beta,
            "scale and shift are missing: multiply by gamma and add beta at the end.":
                normal((0, 1, 2), gamma=1, beta=0),
            "gamma and beta have changed places: gamma multiplies, beta is added.":
                normal((0, 1, 2), gamma=beta, beta=gamma),
        })
    flat = np.full((3, 2, 2, 1), 7.0)
    with np.errstate(all="ignore"):
        got = to_numpy(batch_norm_images(flat, np.ones(1), np.zeros(1), 1e-3))
    expect_shape(got, flat.shape, "the result for a channel that is 7 everywhere")
    expect(np.isfinite(got).all(), "a channel that is the same everywhere gives 0 / 0: epsilon prevents that.")


EXERCISES = (
    Exercise(
        id="01.1", title="The gradient of one neuron", answer="neuron_gradient", check=_check_neuron_gradient,
        setup="import numpy as np",
        stub='''def neuron_gradient(x, y, w, b):
    """Inputs (n, k), labels (n,), weights (k,), bias -> slopes of the mean loss: (k,), a number."""
    raise NotImplementedError
''',
        hints=(
            "The way there: x and w give a, a gives p, p and y give the loss. Walk it backwards, one factor a stage.",
            "From the loss to a logit: the slope is (p - y) / n, where p is the sigmoid of the logit.",
            "From a logit to w: a = x @ w + b, so the slope of w is a sum over the images, each input times the slope "
            "of its logit. A product of matrices does this sum; and b has an input that is always 1.",
        ),
        solution='''def neuron_gradient(x, y, w, b):
    """Inputs (n, k), labels (n,), weights (k,), bias -> slopes of the mean loss: (k,), a number."""
    p = 1 / (1 + np.exp(-(x @ w + b)))
    d_a = (p - y) / len(y)
    return x.T @ d_a, d_a.sum()
''',
        wrong={
            "the sign": "def neuron_gradient(x, y, w, b):\n    d_a = (y - 1 / (1 + np.exp(-(x @ w + b)))) / len(y)\n"
                        "    return x.T @ d_a, d_a.sum()",
            "no mean": "def neuron_gradient(x, y, w, b):\n    d_a = 1 / (1 + np.exp(-(x @ w + b))) - y\n"
                       "    return x.T @ d_a, d_a.sum()",
            "no sigmoid": "def neuron_gradient(x, y, w, b):\n    d_a = (x @ w + b - y) / len(y)\n"
                          "    return x.T @ d_a, d_a.sum()",
            "squared error": "def neuron_gradient(x, y, w, b):\n    p = 1 / (1 + np.exp(-(x @ w + b)))\n"
                             "    d_a = (p - y) * p * (1 - p) / len(y)\n    return x.T @ d_a, d_a.sum()",
            "b summed, w averaged": "def neuron_gradient(x, y, w, b):\n    d_a = 1 / (1 + np.exp(-(x @ w + b))) - y\n"
                                    "    return x.T @ d_a / len(y), d_a.sum()",
            "only w": "def neuron_gradient(x, y, w, b):\n    d_a = (1 / (1 + np.exp(-(x @ w + b))) - y) / len(y)\n"
                      "    return x.T @ d_a",
        },
    ),
    Exercise(
        id="01.2", title="The degree that generalises", answer="choose_degree", check=_check_choose_degree,
        setup="import numpy as np",
        stub='''def choose_degree(t, y, t_new, y_new, degrees):
    """Fit (t, y) with each of `degrees` -> the degree with the smallest error on (t_new, y_new)."""
    raise NotImplementedError
''',
        hints=(
            "For each degree: fit, then compute the error. Which points belong to which of the two steps?",
            "np.polyfit fits a polynomial to points, np.polyval gives its values at any places. The chapter's fit and "
            "error do so too.",
            "Collect the errors in a list; np.argmin gives the place of the smallest one.",
        ),
        solution='''def choose_degree(t, y, t_new, y_new, degrees):
    """Fit (t, y) with each of `degrees` -> the degree with the smallest error on (t_new, y_new)."""
    errors = []
    for degree in degrees:
        c = np.polyfit(t, y, degree)
        errors.append(np.mean((np.polyval(c, t_new) - y_new) ** 2))
    return degrees[np.argmin(errors)]
''',
        wrong={
            "by the training error": "def choose_degree(t, y, t_new, y_new, degrees):\n"
                                     "    e = [np.mean((np.polyval(np.polyfit(t, y, d), t) - y)**2) for d in degrees]\n"
                                     "    return degrees[np.argmin(e)]",
            "the place": "def choose_degree(t, y, t_new, y_new, degrees):\n"
                         "    e = [np.mean((np.polyval(np.polyfit(t, y, d), t_new) - y_new)**2) for d in degrees]\n"
                         "    return np.argmin(e)",
            "the error": "def choose_degree(t, y, t_new, y_new, degrees):\n"
                         "    return min(np.mean((np.polyval(np.polyfit(t, y, d), t_new) - y_new)**2) "
                         "for d in degrees)",
            "a list": "def choose_degree(t, y, t_new, y_new, degrees):\n    return degrees",
            "always the first": "def choose_degree(t, y, t_new, y_new, degrees):\n    return degrees[0]",
            "always the middle": "def choose_degree(t, y, t_new, y_new, degrees):\n    return 5",
        },
    ),
    Exercise(
        id="01.3", title="A convolution over all channels", answer="conv_layer", check=_check_conv_layer,
        setup="import numpy as np",
        stub='''def conv_layer(image, kernels, stride):
    """Image (h, w, c), kernels (k, k, c, m) -> maps (rows, columns, m), without padding."""
    raise NotImplementedError
''',
        hints=(
            "First one number: the patch at row 0 and column 0 is (k, k, c), a kernel is (k, k, c) as well.",
            "Two loops over the places of the kernel, with range(0, h - k + 1, stride), and one over the m kernels.",
            "Without the third loop: give the patch a last axis of size 1, multiply by all kernels, and sum over the "
            "first three axes.",
        ),
        solution='''def conv_layer(image, kernels, stride):
    """Image (h, w, c), kernels (k, k, c, m) -> maps (rows, columns, m), without padding."""
    k = len(kernels)
    rows = range(0, image.shape[0] - k + 1, stride)
    columns = range(0, image.shape[1] - k + 1, stride)
    return np.array([[np.sum(image[i:i + k, j:j + k, :, None] * kernels, axis=(0, 1, 2))
                      for j in columns] for i in rows])
''',
        wrong={
            "the kernel turned round": "def conv_layer(image, kernels, stride):\n    k = len(kernels)\n"
                                       "    return np.array([[np.sum(image[i:i+k, j:j+k, :, None] * "
                                       "kernels[::-1, ::-1], axis=(0, 1, 2))\n"
                                       "        for j in range(0, image.shape[1]-k+1, stride)]\n"
                                       "        for i in range(0, image.shape[0]-k+1, stride)])",
            "no stride": "def conv_layer(image, kernels, stride):\n    k = len(kernels)\n"
                         "    return np.array([[np.sum(image[i:i+k, j:j+k, :, None] * kernels, axis=(0, 1, 2))\n"
                         "        for j in range(image.shape[1]-k+1)] for i in range(image.shape[0]-k+1)])",
            "channels apart": "def conv_layer(image, kernels, stride):\n    k = len(kernels)\n"
                              "    return np.array([[np.sum(image[i:i+k, j:j+k, :, None] * kernels, axis=(0, 1))\n"
                              "        for j in range(0, image.shape[1]-k+1, stride)]\n"
                              "        for i in range(0, image.shape[0]-k+1, stride)])",
            "one map": "def conv_layer(image, kernels, stride):\n    k = len(kernels)\n"
                       "    return np.array([[np.sum(image[i:i+k, j:j+k, :, None] * kernels)\n"
                       "        for j in range(0, image.shape[1]-k+1, stride)]\n"
                       "        for i in range(0, image.shape[0]-k+1, stride)])",
            "one channel": "def conv_layer(image, kernels, stride):\n    k = len(kernels)\n"
                           "    return np.array([[np.sum(image[i:i+k, j:j+k, :1, None] * kernels[:, :, :1], "
                           "axis=(0, 1, 2))\n        for j in range(0, image.shape[1]-k+1, stride)]\n"
                           "        for i in range(0, image.shape[0]-k+1, stride)])",
            "the last place left out": "def conv_layer(image, kernels, stride):\n    k = len(kernels)\n"
                                       "    return np.array([[np.sum(image[i:i+k, j:j+k, :, None] * kernels, "
                                       "axis=(0, 1, 2))\n        for j in range(0, image.shape[1]-k, stride)]\n"
                                       "        for i in range(0, image.shape[0]-k, stride)])",
        },
    ),
    Exercise(
        id="01.4", title="Batch normalisation for images", answer="batch_norm_images",
        check=_check_batch_norm_images, setup="import numpy as np",
        stub='''def batch_norm_images(x, gamma, beta, epsilon=1e-3):
    """Maps (n, h, w, c), scale and shift (c,) -> the same shape, normalised channel by channel."""
    raise NotImplementedError
''',
        hints=(
            "In the chapter there was one mean for each column of (n, units). Here there is one for each channel: "
            "which axes does it run over?",
            "NumPy takes several axes at once: axis=(0, 1, 2). What is left has the shape (c,), which fits x from the "
            "right.",
            "Subtract the mean, divide by the root of variance plus epsilon, then scale, then shift.",
        ),
        solution='''def batch_norm_images(x, gamma, beta, epsilon=1e-3):
    """Maps (n, h, w, c), scale and shift (c,) -> the same shape, normalised channel by channel."""
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
''',
        wrong={
            "every pixel by itself": "def batch_norm_images(x, gamma, beta, epsilon=1e-3):\n"
                                     "    return gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + epsilon) + beta",
            "every image by itself": "def batch_norm_images(x, gamma, beta, epsilon=1e-3):\n"
                                     "    m, v = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)\n"
                                     "    return gamma * (x - m) / np.sqrt(v + epsilon) + beta",
            "over everything": "def batch_norm_images(x, gamma, beta, epsilon=1e-3):\n"
                               "    return gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta",
            "the variance": "def batch_norm_images(x, gamma, beta, epsilon=1e-3):\n    a = (0, 1, 2)\n"
                            "    return gamma * (x - x.mean(a)) / (x.var(a) + epsilon) + beta",
            "epsilon outside": "def batch_norm_images(x, gamma, beta, epsilon=1e-3):\n    a = (0, 1, 2)\n"
                               "    return gamma * (x - x.mean(a)) / (x.std(a) + epsilon) + beta",
            "no scale, no shift": "def batch_norm_images(x, gamma, beta, epsilon=1e-3):\n    a = (0, 1, 2)\n"
                                  "    return (x - x.mean(a)) / np.sqrt(x.var(a) + epsilon)",
        },
    ),
)

QUIZ = (
    Question("Two dense layers follow each other, with no bend between them. What can they do?", (
        Option("More than one layer, because they have more weights", "No: the product of the two weight matrices is "
               "again one matrix, so one layer does the same."),
        Option("No more than one dense layer can do", "Yes: without a bend, two layers fold into one. The bend between "
               "them is what makes a network more than a weighted sum.", right=True),
        Option("Nothing, such a network has no gradient", "No: it can be trained; it only can't do more than one "
               "layer."),
    )),
    Question("The learning rate is far too large. What does gradient descent do?", (
        Option("It crawls: the loss falls, but hardly", "No: that is a rate that is too small."),
        Option("It finds the deepest valley, as it can jump out of the others", "No: it jumps out of the deepest "
               "valley just as well, and settles nowhere."),
        Option("It jumps over the valley, and the loss goes up and down", "Yes: the slope is right only close by, and "
               "a large step leaves the neighbourhood in which it was measured.", right=True),
    )),
    Question("A model has error 0.01 on its training data and 5 on held-out data. What do you believe?", (
        Option("It has learned the training data by heart", "Yes: the error that counts is 5. More data or fewer "
               "weights would help.", right=True),
        Option("It is nearly perfect", "No: 0.01 only says that it knows the data that it has seen."),
        Option("It should be trained longer", "No: longer training makes the first error smaller, and the second one "
               "is more likely to grow."),
    )),
    Question("A convolution with a single 3 × 3 kernel turns a 28 × 28 image into a 26 × 26 map. How many weights, "
             "without the bias?", (
        Option("9", "Yes: the same nine weights are used at all 676 places.", right=True),
        Option("676 × 9 = 6,084", "No: that is how many products are computed. The weights are shared by all places."),
        Option("784 × 676 = 529,984", "No: that would be a dense layer between the same two sizes."),
    )),
    Question("What does a transposed convolution bring back?", (
        Option("The image that the convolution was given", "No: what a convolution has lost is lost. The name comes "
               "from the weight matrix, which is transposed, not inverted."),
        Option("The size, by stamping the kernel for each input pixel", "Yes: from small to large. What the stamps "
               "look like is learned.", right=True),
        Option("The gradient of the convolution's kernel", "No: it is a layer with a kernel of its own. (The "
               "gradient with respect to the *image* does have this form.)"),
    )),
)
