"""Every exercise of every chapter: the solution passes, the stub doesn't, wrong answers are told apart.

New chapters are found by themselves; nothing needs to be added here for them.
"""

import ast
import linecache
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import ipywidgets as widgets
import numpy as np
import pytest

from gan_helpers import checks
from gan_helpers.checks import Exercise, Mismatch, _forget, _judge

ALL = [exercise for chapter in checks.chapters() for exercise in checks.exercises(chapter)]
each_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
each_chapter = pytest.mark.parametrize("chapter", checks.chapters())


@pytest.fixture(autouse=True)
def fresh_kernel():
    _forget()
    yield
    _forget()


def answers(exercise, source, label="answer"):
    """What the learner's cell `source` defines, compiled like a notebook cell: its lines can be looked up."""
    name = f"<cell {exercise.id} {label}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {}
    exec(compile(exercise.setup, "<setup>", "exec"), space)
    exec(compile(source, name, "exec"), space)
    return tuple(space[name] for name in exercise.names)


def verdict(exercise, source, label="answer"):
    try:
        given = answers(exercise, source, label)
    except NotImplementedError:                                     # a stub that raises while the cell runs
        return "not written yet"
    return _judge(exercise, given)


def unspaced(text):
    return re.sub(r"\s+", "", text)


def secrets(exercise):
    """What only the solution knows: its statements and the expressions it returns or assigns."""
    found = set()
    for node in ast.walk(ast.parse(exercise.solution)):
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import)):
            value = getattr(node, "value", None)
            if isinstance(value, ast.Constant):
                continue                                            # a docstring, or a plain number
            found.add(unspaced(ast.unparse(node)))
            if value is not None:
                found.add(unspaced(ast.unparse(value)))
    return {s for s in found if len(s) >= 8 and s not in unspaced(exercise.stub)}


@each_chapter
def test_ids_are_numbered_in_order(chapter):
    ids = [exercise.id for exercise in checks.exercises(chapter)]
    assert ids == [f"{chapter}.{n}" for n in range(1, len(ids) + 1)] and len(ids) >= 3


@each_exercise
def test_the_solution_passes_more_than_once(exercise):
    assert verdict(exercise, exercise.solution) is None
    given = answers(exercise, exercise.solution)
    assert [_judge(exercise, given) for _ in range(2)] == [None, None]


@each_exercise
def test_the_stub_is_not_written_yet(exercise):
    assert verdict(exercise, exercise.stub).startswith("not written yet")


@each_exercise
def test_wrong_answers_fail_each_with_its_own_message(exercise):
    messages = {label: verdict(exercise, source, label) for label, source in exercise.wrong.items()}
    passed = [label for label, message in messages.items() if message is None]
    assert not passed and len(messages) >= 3
    assert len(set(messages.values())) == len(messages), messages
    # A message that blames the check, not the answer, means the check is not written carefully enough.
    for message in messages.values():
        assert "not written yet" not in message and "gan_helpers" not in message and len(message) > 20


def test_a_floor_may_take_both_samples_from_one_draw():
    exercise, = (one for one in ALL if one.id == "05.4")
    halves = """def floor(metric, draw, n, rounds):
    values = []
    for i in range(rounds):
        x = draw(2 * n, i)
        values.append(metric(x[:n], x[n:]))
    return np.mean(values)"""
    assert verdict(exercise, halves) is None
    assert "sample is compared with itself" in verdict(exercise, halves.replace("x[n:]", "x[:n]"))


def test_a_callback_may_make_its_list_when_training_begins():
    exercise, = (one for one in ALL if one.id == "09.4")
    fresh = """class LogitGap(keras.callbacks.Callback):
    def on_train_begin(self, logs):
        self.gaps = []

    def on_epoch_end(self, epoch, logs=None):
        self.gaps.append(logs["real_logits"] - logs["fake_logits"])"""
    assert verdict(exercise, fresh) is None
    shared = fresh.replace("def on_train_begin(self, logs):\n        self.gaps = []",
                           "gaps = []\n\n    def on_train_begin(self, logs):\n        self.gaps.clear()")
    assert "share one list" in verdict(exercise, shared)


ALSO_RIGHT = {     # exercise -> an answer in other types or with other roundings than the solution's
    "10.4": "def kinds(shares):\n    p = np.maximum(shares, 1e-7)\n    return np.exp(-np.sum(p * np.log(p)))",
    "11.4": "import tensorflow as tf\ndef with_error(values):\n    n = len(values)\n"
            "    return tf.stack([tf.reduce_mean(values), tf.math.reduce_std(values) / (n - 1)**0.5])",
    "13.4": "def known_by_heart(d_train, d_new, d_fake):\n"
            "    a, b, c = (np.mean(np.float32(d)) for d in (d_train, d_new, d_fake))\n    return (a - b) / (a - c)",
}


@pytest.mark.parametrize("exercise_id", ALSO_RIGHT)
def test_another_right_answer_passes(exercise_id):
    exercise, = (one for one in ALL if one.id == exercise_id)
    assert verdict(exercise, ALSO_RIGHT[exercise_id]) is None


MISTAKES = {     # exercise, wrong answer: what its message must speak of
    ("09.1", "a mean"): "take no mean", ("09.3", "the list"): "the list `average`; return a new list",
    ("09.3", "in place"): "the arrays in `average`", ("09.3", "in place, G's"): "G would train on with other weights",
    ("09.4", "the last one alone"): "append one number for each epoch", ("10.2", "counted from 0"): "t counts from 1",
    ("12.1", "the length afterwards"): "put in afterwards", ("12.2", "uniform draws anew"): "drawn anew are uniform",
    ("12.2", "scaled draws anew"): "drawn anew are multiplied", ("12.2", "uniform"): "this is uniform noise",
    ("12.3", "the cosine"): "the cosine", ("10.3", "D first"): "G's breaks earlier",
    ("10.3", "G first"): "D's breaks earlier", ("12.2", "one draw for all"): "many entries are the same number",
    ("13.2", "always eight"): "needn't be 8", ("13.4", "cut off"): "below 0 or above 1",
    ("13.4", "no sign"): "leave the sign",
}


@pytest.mark.parametrize("exercise_id, label", MISTAKES, ids=map("-".join, MISTAKES))
def test_a_known_mistake_is_named(exercise_id, label):
    exercise, = (one for one in ALL if one.id == exercise_id)
    said = verdict(exercise, exercise.wrong[label], label)
    assert MISTAKES[exercise_id, label].lower() in said.lower()


@each_exercise
def test_nothing_leaks_the_solution(exercise):
    said = [exercise.title, *exercise.hints]
    said += [verdict(exercise, source, label) for label, source in exercise.wrong.items()]
    # A wrong answer may share a line with the solution and be shown its own line back.
    said = [re.sub(r"\n    line \d+: .*", "", text) for text in said]
    for secret in secrets(exercise):
        assert not [text for text in said if secret in unspaced(text)], secret


@each_exercise
def test_hints_come_in_steps(exercise, capsys):
    assert len(exercise.hints) >= 2
    for hint in exercise.hints:
        checks.hint(exercise.id)
        assert hint in capsys.readouterr().out
    checks.hint(exercise.id)
    assert f'solution("{exercise.id}")' in capsys.readouterr().out


@each_chapter
def test_each_question_has_one_right_option_and_feedback_for_all(chapter):
    assert checks.questions(chapter)
    for question in checks.questions(chapter):
        assert sum(option.right for option in question.options) == 1
        assert len(question.options) >= 2 and all(len(option.feedback) > 10 for option in question.options)
        assert len({option.text for option in question.options}) == len(question.options)
        assert len({option.feedback for option in question.options}) == len(question.options)


# The mechanism itself, on an exercise made for the purpose.

def double(answer="double", check=None, **more):
    def compare(function):
        checks.expect_close(function(np.arange(3.0)), 2 * np.arange(3.0), "double(x)")

    given = dict(id="00.1", title="Double", stub="def double(x):\n    ...", hints=(), solution="", wrong={})
    return Exercise(answer=answer, check=check or compare, **{**given, **more})


@pytest.mark.parametrize("source, message", [
    ("def double(x):\n    return 2 * x", None),
    ("def double(x):\n    return x", "double(x) at [1] is 1, expected 2 (2 of 3 numbers differ)."),
    ("def double(x):\n    raise NotImplementedError",
     'not written yet. hint("00.1") helps with the first step.'),
    ("double = ...", 'not written yet. hint("00.1") helps with the first step.'),
    ("def double(x):\n    y = 2\n    return y / 0 * x",
     "your code stopped with ZeroDivisionError: division by zero\n    line 3: return y / 0 * x"),
    ("import numpy as np\ndef double(x):\n    return np.reshape(x, (2, 2))",
     "your code stopped with ValueError: cannot reshape array of size 3 into shape (2,2)\n"
     "    line 3: return np.reshape(x, (2, 2))"),
    ("def double(x):\n    helper(x)", "your code stopped with NameError: name 'helper' is not defined\n"
     "    line 2: helper(x)"),
    ("def double(x):\n    2 * x", "double(x) is None: is a `return` missing?"),
    ("def double(x):\n    return 'six'", "double(x) is a str, which can't be read as numbers."),
    ("def double(x):\n    return (2 * x).reshape(3, 1)",
     "double(x) has shape (3, 1), expected (3,). There is an axis of size 1 too many at the end."),
    ("def double(x):\n    return x / 0 * 0",
     "double(x) at [0] is nan, expected 0 (3 of 3 numbers differ)."),
    ("double = 7", "double should be a function, and is of type int. Give its name alone, without brackets after "
     'it: check("00.1", double)'),
    ("double = None", "double should be a function, and is of type NoneType. Give its name alone, without brackets "
     'after it: check("00.1", double)'),
    ("class double:\n    pass", "double should be a function, and is a class. Give its name alone, without brackets "
     'after it: check("00.1", double)'),
    ("def double(x):\n    yield 2 * x", "double is a generator, because it contains `yield`. Use `return`."),
    ("async def double(x):\n    return 2 * x", "double is defined with `async def`. Use `def`."),
    ("def double(x):\n    return (2 * a for a in x)", "double(x) is a generator, which can't be read as numbers."),
    ("def double(x):\n    return double(x)", "your code stopped with RecursionError: maximum recursion depth exceeded"
     "\n    line 2: return double(x)"),
    ("def double(x):\n    exit()", "your code stopped with SystemExit: None\n    line 2: exit()"),
    ("def double(x):\n    raise ValueError(1000 * 'long')", f"your code stopped with ValueError: {75 * 'long'} …\n"
     "    line 2: raise ValueError(1000 * 'long')"),
])
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_what_the_learner_reads(source, message):
    assert verdict(double(), source) == message


@pytest.mark.parametrize("body", ["while True: pass", "time.sleep(60)", "\n".join([
    "for _ in range(3):", "        try: time.sleep(60)", "        except: pass", "    time.sleep(60)"])],
    ids=["busy", "asleep", "stubborn"])
def test_an_answer_that_never_returns_is_stopped(body):
    handler = signal.getsignal(signal.SIGINT)
    source, started = f"import time\ndef double(x):\n    {body}", time.monotonic()
    said = verdict(double(seconds=0.5), source)
    assert said.startswith("your code was still running after 0.5 seconds and was stopped.")
    assert time.monotonic() - started < 20 and signal.getsignal(signal.SIGINT) is handler
    assert verdict(double(seconds=0.5), "def double(x):\n    return 2 * x") is None


def test_the_stop_button_is_not_taken_for_the_time_limit():
    source = "import signal\ndef double(x):\n    signal.raise_signal(signal.SIGINT)"
    assert verdict(double(), source) == "stopped by you before the check was done."


def test_outside_the_main_thread_there_is_no_limit_and_no_harm():
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(verdict, double(seconds=0.01), "def double(x):\n    return 2 * x").result() is None


def test_megabytes_of_printing_are_cut(capsys):
    source = "def double(x):\n    print('a' * 1500)\n    print('b' * 5_000_000)\n    return 2 * x"
    assert verdict(double(), source) is None
    out = capsys.readouterr().out
    assert len(out) < 2_200 and out.startswith("a" * 1500 + "\n" + "b" * 499)
    assert out.endswith("… your answer printed 4,999,502 characters more; left out.\n")
    assert verdict(double(), "def double(x):\n    print('mine')\n    return 2 * x") is None
    assert capsys.readouterr().out == "mine\n"


def test_a_message_never_holds_megabytes():
    exercise = double(stub="answer = ...", answer="answer", check=lambda a: checks.expect_equal(a, 3))
    assert len(verdict(exercise, "answer = 'x' * 10**7")) < 200
    assert len(verdict(double(check=lambda f: f(1)), "def double(x):\n    return 'x' * 10**7")) < 1_100


def test_a_class_is_asked_for_as_such():
    exercise = double(stub="class double:\n    ...", check=lambda c: checks.expect(c().right, "not right."))
    assert verdict(exercise, "class double:\n    right = True") is None
    said = verdict(exercise, "class Double:\n    right = True\ndouble = Double()")
    assert said.startswith("double should be a class, and is of type Double.")


def test_a_function_with_other_arguments_is_explained():
    message = verdict(double(), "def double(x, y):\n    return x")
    assert "missing 1 required positional argument: 'y'" in message and "can't be used" in message


def test_not_implemented_inside_a_library_is_not_taken_for_an_empty_stub():
    source = "import numpy as np\ndef double(x):\n    class A:\n        def __len__(self):\n" \
             "            raise NotImplementedError('deep')\n    return x"
    assert "not written yet" not in verdict(double(), source)
    import numbers

    exercise = double(check=lambda f: f(numbers.Complex.__complex__))
    said = verdict(exercise, "def double(x):\n    raise ValueError('mine')")
    assert said.startswith("your code stopped with")


def test_a_check_may_return_its_message_and_take_several_answers():
    exercise = double(answer=("a", "b"), check=lambda a, b: None if a == b else "a and b differ.")
    assert verdict(exercise, "a = b = 1") is None
    assert verdict(exercise, "a = 1; b = 2") == "a and b differ."
    assert verdict(exercise, "a = 1; b = ...").startswith("not written yet")


@pytest.mark.parametrize("got, want, message", [
    ((32, 784), (32, 28, 28, 1), "reshape?"),
    ((32, 28, 28), (32, 28, 28, 1), "channel, is missing"),
    ((32, 1, 28, 28), (32, 28, 28, 1), "transpose?"),
    ((28, 28, 1), (32, 28, 28, 1), "batch, is missing"),
    ((32, 1), (32,), "too many"),
    ((3, 3), (4, 4), "shape (3, 3), expected (4, 4)."),
])
def test_shapes_that_differ_are_explained(got, want, message):
    with pytest.raises(Mismatch, match=re.escape(message)):
        checks.expect_shape(np.zeros(got), want)
    checks.expect_shape(np.zeros(want), want)


def test_known_mistakes_are_named_before_numbers():
    want = np.array([1.0, -2.0])
    with pytest.raises(Mismatch, match="the sign"):
        checks.expect_close(-want, want, "your loss", known={"the sign is the other way round.": -want})
    with pytest.raises(Mismatch, match=re.escape("your loss at [0] is 5, expected 1")):
        checks.expect_close(5 * want, want, "your loss", known={"the sign is the other way round.": -want})
    checks.expect_close(want + 1e-7, want)
    checks.expect_close([[np.nan]], [[np.nan]])


def test_dtype_and_equality():
    checks.expect_dtype(np.zeros(2, np.float32), "float32")
    with pytest.raises(Mismatch, match="float64, expected float32"):
        checks.expect_dtype(np.zeros(2), "float32")
    for same in [(3, 3), ("a", "a"), ((1, 2), (1, 2)), (np.int64(3), 3), ([1, 2], (1, 2))]:
        checks.expect_equal(*same)
    for other in [(3, 4), ("a", "b"), ((1, 2), (1, 3)), (None, 3), (np.ones(2), 1), (..., 3)]:
        with pytest.raises(Mismatch):
            checks.expect_equal(*other)


def test_tensors_are_compared_like_arrays():
    tf = pytest.importorskip("tensorflow")
    checks.expect_close(tf.constant([1.0, 2.0]), [1, 2])
    checks.expect_dtype(tf.constant(1.0), "float32")
    checks.expect_dtype(tf.Variable(1.0), "float32")
    with pytest.raises(Mismatch, match="reshape"):
        checks.expect_shape(tf.zeros((2, 4)), (2, 2, 2))
    with pytest.raises(Mismatch, match="at \\[1\\] is 2, expected 3"):
        checks.expect_close(tf.constant([1.0, 2.0]), [1, 3])


def test_check_prints_and_returns_nothing(capsys):
    space = {}
    exec("import numpy as np\n" + checks.exercises("00")[0].solution, space)
    assert checks.check("00.1", space["to_unit_range"]) is None
    assert checks.check("00.1", None) is None
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "✓ 00.1 Pixels to [-1, 1]: right."
    assert out[1].startswith("✗ 00.1 Pixels to [-1, 1]: to_unit_range should be a function, and is of type NoneType")


def test_unknown_ids_list_the_known_ones():
    with pytest.raises(ValueError, match="Chapter 00 has: 00.1, 00.2, 00.3"):
        checks.check("00.9", 1)
    with pytest.raises(ValueError, match="Chapters with exercises: 00"):
        checks.hint("77.1")
    with pytest.raises(ValueError, match="Known: 00"):
        checks.quiz("77")
    with pytest.raises(ValueError, match="takes 1 answer"):
        checks.check("00.1", 1, 2)


def test_progress_says_what_is_done_in_this_kernel(capsys):
    checks.progress()
    assert capsys.readouterr().out == "Nothing checked yet in this kernel.\n"
    checks.check("00.1", ...)
    checks.solution("00.2")
    checks.quiz("00", {1: "b", 2: "a"})
    capsys.readouterr()
    checks.progress()
    assert capsys.readouterr().out == "Chapter 00: 00.1 ✗, 00.2 – (solution read), 00.3 –; quiz 1 of 3\n"


def test_the_quiz_works_by_radio_button_and_by_text(capsys):
    quiz = checks.quiz("00")
    data = quiz._repr_mimebundle_()
    assert data["text/plain"] == repr(quiz) and "a) A real image" in repr(quiz)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == quiz.widget.model_id
    first = quiz.choices[0]
    assert isinstance(first, widgets.RadioButtons) and first.index is None and quiz.replies[0].value == ""
    first.index = 0
    assert "✗ a) No: G never sees" in quiz.replies[0].value and "aria-live" in quiz.replies[0].value
    first.index = 1
    assert "✓ b) Yes: noise in" in quiz.replies[0].value
    checks.quiz("00", {1: "B", 2: "z", 9: "a"})
    assert capsys.readouterr().out.splitlines() == [
        "1. ✓ b) Yes: noise in, a sample out. Different z give different samples.",
        "2. ✗ 'z' is no option; choose one of a, b, c.",
        "9. ✗ There is no question 9; choose 1 to 3.",
    ]


def test_quiz_text_does_not_give_the_answer_away():
    for chapter in checks.chapters():
        shown = repr(checks.quiz(chapter))
        for question in checks.questions(chapter):
            assert not [option for option in question.options if option.feedback in shown]


def test_importing_loads_neither_tensorflow_nor_a_chapter():
    code = ("import sys, gan_helpers.checks as c; c.chapters()\n"
            "print([m for m in sys.modules if m == 'tensorflow' or 'checks._ch' in m])\n"
            "for chapter in c.chapters(): c.exercises(chapter); c.questions(chapter)\n"
            "print('tensorflow' in sys.modules)")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split("\n")[:2] == ["[]", "False"]
