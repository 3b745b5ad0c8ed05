"""What a check says: comparisons that name the first difference in the learner's own terms.

All of them return nothing when the answer agrees, and raise `Mismatch` with a plain sentence otherwise.
They accept NumPy arrays, numbers, lists and TensorFlow tensors, without importing TensorFlow.
"""

import reprlib

import numpy as np


class Mismatch(Exception):
    """The learner's answer differs from what was asked; the message is for the learner."""


def expect(condition, message):
    """`message` unless `condition` holds."""
    if not condition:
        raise Mismatch(message)


def to_numpy(got, what="your answer"):
    """`got` as a NumPy array of numbers."""
    if got is None:
        raise Mismatch(f"{what} is None: is a `return` missing?")
    if got is Ellipsis:
        raise Mismatch(f"{what} is still `...`: it is not written yet.")
    try:
        array = np.asarray(got)
    except Exception as error:
        raise Mismatch(f"{what} is a {type(got).__name__}, which can't be read as numbers.") from error
    if array.dtype == object or array.dtype.kind in "USVc":
        raise Mismatch(f"{what} is a {type(got).__name__}, which can't be read as numbers.")
    return array


def expect_shape(got, want, what="your result"):
    """The shape of `got` is the tuple `want`; the message suggests which step is missing."""
    if hasattr(got, "shape") and got is not None:
        shape = tuple(got.shape)                # works for symbolic tensors too, whose numbers aren't known
    else:
        shape = to_numpy(got, what).shape
    want = tuple(want)
    if shape == want:
        return
    hint = ""
    if sorted(map(str, shape)) == sorted(map(str, want)):
        hint = " The same axes in another order: transpose?"
    elif want == (*shape, 1):
        hint = " The last axis, the channel, is missing."
    elif shape == (*want, 1):
        hint = " There is an axis of size 1 too many at the end."
    elif len(shape) == len(want) - 1 and shape == want[1:]:
        hint = " The first axis, the batch, is missing."
    elif None not in shape + want and np.prod(shape) == np.prod(want):
        hint = " As many numbers, laid out differently: reshape?"
    raise Mismatch(f"{what} has shape {shape}, expected {want}.{hint}")


def expect_dtype(got, want, what="your result"):
    """The dtype of `got` is `want`, a name such as "float32"."""
    dtype = getattr(got, "dtype", None)
    name = getattr(dtype, "name", None) or str(dtype if dtype is not None else to_numpy(got, what).dtype)
    if name != want:
        raise Mismatch(f"{what} has dtype {name}, expected {want}.")


def expect_equal(got, want, what="your answer"):
    """For whole numbers, strings and tuples."""
    if got is Ellipsis:
        raise Mismatch(f"{what} is still `...`: it is not written yet.")
    if isinstance(want, (int, float, str)) or type(got) is type(want):
        same = bool(np.all(got == want)) and np.shape(got) == np.shape(want)
    elif isinstance(want, (tuple, list)) and isinstance(got, (tuple, list)):
        same = list(got) == list(want)
    else:
        same = np.array_equal(to_numpy(got, what), np.asarray(want))
    if not same:
        raise Mismatch(f"{what} is {reprlib.repr(got)}, expected {want!r}.")


def expect_close(got, want, what="your result", rtol=1e-5, atol=1e-6, known=None):
    """`got` equals `want` within ``atol + rtol * |want|``, elementwise and in shape.

    `known` maps a message to the array that a typical mistake gives: if `got` is that array, the learner
    reads the message (`"the sign is the other way round": -want`) and no table of numbers.
    """
    array, want = to_numpy(got, what), np.asarray(want)
    expect_shape(array, want.shape, what)
    array = array.astype(np.float64)

    def near(other):
        other = np.asarray(other, np.float64)
        return other.shape == array.shape and np.allclose(array, other, rtol=rtol, atol=atol, equal_nan=True)

    if near(want):
        return
    for message, mistake in (known or {}).items():
        if near(mistake):
            raise Mismatch(f"{what}: {message}")
    bad = ~np.isclose(array, want, rtol=rtol, atol=atol, equal_nan=True)
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    where = f" at {list(first)}" if first else ""
    share = f" ({int(bad.sum())} of {bad.size} numbers differ)" if array.ndim else ""
    yours = array[first]
    raise Mismatch(f"{what}{where} is {yours:.6g}, expected {float(want[first]):.6g}{share}.")
