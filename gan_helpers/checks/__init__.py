"""Exercises: check an answer, ask for a hint, read the solution, take the quiz.

    from gan_helpers.checks import check, hint, progress, quiz, solution

    check("06.1", my_function)      # ✓, or ✗ and the first difference
    hint("06.1")                    # the next hint each time
    solution("06.1")                # the code, one call away
    quiz("06")                      # radio buttons; in text: quiz("06", {1: "b"})
    progress()                      # what is done in this kernel

All of them print plain text, work offline and return nothing noisy.

For authors
-----------
The exercises of chapter NN are data in ``gan_helpers/checks/_chNN.py``: a tuple ``EXERCISES`` of `Exercise`
and a tuple ``QUIZ`` of `Question`. A chapter is loaded when one of its ids is first asked for; import
TensorFlow inside the check, never at the top. ``tests/test_checks.py`` finds the module by itself and runs,
for every exercise, its solution, its stub and its wrong answers::

    def _check_flip(flip):                              # gets the learner's answer
        x = np.arange(6.0).reshape(2, 3)
        got = flip(x.copy())                            # the learner's errors are reported as theirs
        expect_close(got, -x, "flip(x)", known={"nothing has changed; is the sign missing?": x})

    EXERCISES = (Exercise(
        id="06.1", title="Flip the sign", answer="flip", check=_check_flip,
        stub="def flip(x):\\n    raise NotImplementedError",
        hints=("What is minus one times x?",),
        solution="def flip(x):\\n    return -x",
        wrong={"forgot": "def flip(x):\\n    return x", "none": ..., "first row only": ...}),)

`answer` is the name (or a tuple of names) that the code defines and `check` receives; `setup` is code that
runs before the stub, the solution and the wrong answers in the tests, like the imports of the chapter. An
exercise may ask for a value instead of a function: its stub is then ``answer = ...``. Whether a function, a
class or a value is asked is read off the stub. An answer that runs longer than `seconds` is stopped.
"""

import importlib
import inspect
import linecache
import os
import pkgutil
import re
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_helpers.checks._expect import (
    Mismatch,
    expect,
    expect_close,
    expect_dtype,
    expect_equal,
    expect_shape,
    to_numpy,
)
from gan_helpers.checks._guard import TimeIsUp, bounded_printing, time_limit
from gan_helpers.checks._quiz import Option, Question, Quiz

__all__ = ["Exercise", "Mismatch", "Option", "Question", "chapters", "check", "exercises", "expect",
           "expect_close", "expect_dtype", "expect_equal", "expect_shape", "hint", "progress", "questions",
           "quiz", "solution", "to_numpy"]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter; see the module's docstring for an example.

    `check` gets the learner's answer (each of `answer`'s names, in order) and returns None when it is right;
    it raises `Mismatch` (or returns the message) when it isn't. `wrong` maps a description to the source of a
    typical wrong answer: at least three, each with its own message.
    """

    id: str
    title: str
    answer: str | tuple[str, ...]
    check: Callable[..., str | None] = field(repr=False)
    stub: str = field(repr=False)
    hints: tuple[str, ...] = field(repr=False)
    solution: str = field(repr=False)
    wrong: Mapping[str, str] = field(repr=False)
    setup: str = field(default="", repr=False)
    seconds: float = 20     # how long a check may take

    @property
    def names(self):
        """The names that the learner's code defines."""
        return (self.answer,) if isinstance(self.answer, str) else tuple(self.answer)


# Kept in the kernel only: a restart begins anew, and nothing is written to a disk.
_state: dict[str, dict] = {"passed": {}, "hints": {}, "solutions": {}, "quiz": {}}


def chapters():
    """The chapters that have exercises, e.g. ["00", "01"]."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name[3:] for name in found if name.startswith("_ch") and name[3:].isdigit())


def _load(chapter):
    chapter = f"{chapter:02d}" if isinstance(chapter, int) else str(chapter)
    if chapter not in chapters():
        raise ValueError(f"There is no chapter {chapter!r} with exercises. Known: {', '.join(chapters())}.")
    return chapter, importlib.import_module(f"{__name__}._ch{chapter}")


def exercises(chapter):
    """The exercises of a chapter such as "06", in order."""
    return tuple(_load(chapter)[1].EXERCISES)


def questions(chapter):
    """The quiz questions of a chapter such as "06", in order."""
    return tuple(_load(chapter)[1].QUIZ)


def _find(exercise_id):
    chapter = str(exercise_id).partition(".")[0]
    if chapter not in chapters():
        raise ValueError(f"There is no exercise {exercise_id!r}. Chapters with exercises: "
                         f"""{', '.join(chapters())}; an id looks like "{chapters()[0]}.1".""")
    known = {exercise.id: exercise for exercise in exercises(chapter)}
    if exercise_id not in known:
        raise ValueError(f"There is no exercise {exercise_id!r}. Chapter {chapter} has: {', '.join(known)}.")
    return known[exercise_id]


def check(exercise_id, *answer):
    """Compare your answer with what the exercise asks, and print ✓ or the first difference."""
    exercise = _find(exercise_id)
    if len(answer) != len(exercise.names):
        raise ValueError(f'check("{exercise.id}", {", ".join(exercise.names)}) takes {len(exercise.names)} '
                         f"answer(s) after the id, got {len(answer)}.")
    message = _judge(exercise, answer)
    _state["passed"][exercise.id] = message is None
    print(f"✓ {exercise.id} {exercise.title}: right." if message is None else
          f"✗ {exercise.id} {exercise.title}: {message}")


def _judge(exercise, answer):
    """None when the answer is right, otherwise the message for the learner."""
    if any(part is Ellipsis for part in answer):
        return f'not written yet. hint("{exercise.id}") helps with the first step.'
    for name, part in zip(exercise.names, answer, strict=True):
        if message := _wrong_kind(exercise, name, part):
            return message
    try:
        with bounded_printing(), time_limit(exercise.seconds):
            message = exercise.check(*answer)
        return None if message is None else _short(message, 1000)
    except Mismatch as difference:
        return _short(str(difference), 1000)
    except TimeIsUp:
        return (f"your code was still running after {exercise.seconds:g} seconds and was stopped. Is there a loop "
                "that never ends?")
    except KeyboardInterrupt:
        return "stopped by you before the check was done."
    except (Exception, SystemExit, GeneratorExit) as error:
        return _explain(exercise, answer, error)


def _wrong_kind(exercise, name, part):
    """A sentence if `part` isn't what the stub begins: a function, or a class; else None."""
    asked = re.search(rf"^(def|class) {re.escape(name)}\b", exercise.stub, re.M)
    if asked is None:
        return None
    call = f'check("{exercise.id}", {", ".join(exercise.names)})'
    if asked.group(1) == "class":
        fits, kind = inspect.isclass(part), "a class"
    else:
        fits, kind = callable(part) and not inspect.isclass(part), "a function"
    if not fits:
        given = "a class" if inspect.isclass(part) else f"of type {type(part).__name__}"
        return f"{name} should be {kind}, and is {given}. Give its name alone, without brackets after it: {call}"
    if inspect.isgeneratorfunction(part):
        return f"{name} is a generator, because it contains `yield`. Use `return`."
    if inspect.iscoroutinefunction(part):
        return f"{name} is defined with `async def`. Use `def`."
    return None


def _short(text, most=300):
    """`text`, cut where it grows beyond what anybody reads."""
    return text if len(text) <= most else text[:most].rstrip() + " …"


def _explain(exercise, answer, error):
    """An exception as the learner's own: its line, not a traceback through this package."""
    frame = _learners_frame(error.__traceback__, exercise.check)
    if isinstance(error, NotImplementedError) and frame and frame.tb_next is None:
        return f'not written yet. hint("{exercise.id}") helps with the first step.'
    lines = [line for line in re.sub(r"\x1b\[\d*m", "", str(error)).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        lines = lines[1:]               # Keras says where first, then what
    said = _short(next(iter(lines), "").strip())
    said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if frame is not None:
        line = linecache.getline(frame.tb_frame.f_code.co_filename, frame.tb_lineno).strip()
        return f"your code stopped with {said}\n    line {frame.tb_lineno}: {line}".rstrip(": ")
    if not all(map(callable, answer)):
        kinds = ", ".join(type(part).__name__ for part in answer)
        return f"{' and '.join(exercise.names)}: got {kinds}, which doesn't fit ({said})."
    return f"your answer can't be used as the exercise does: {said}"


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = tuple({sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "purelib", "platlib")})


def _learners_frame(traceback, compare):
    """The innermost frame that is neither the check, this package nor a library, or None."""
    found, own = None, getattr(getattr(compare, "__code__", None), "co_filename", "<no file>")
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        library = (name.startswith((_PACKAGE, own, "<frozen", "<__array", *_LIBRARIES))
                   or name.endswith(".pyx") or "-packages" + os.sep in name or "__autograph_generated_file" in name)
        found = found if library else traceback
        traceback = traceback.tb_next
    return found


def hint(exercise_id):
    """Print the next hint of an exercise; the last one points to the solution."""
    exercise = _find(exercise_id)
    shown = _state["hints"].get(exercise.id, 0)
    if shown == len(exercise.hints):
        print(f'{exercise.id}: no more hints. solution("{exercise.id}") shows one way to write it.')
        return
    _state["hints"][exercise.id] = shown + 1
    print(f"Hint {shown + 1} of {len(exercise.hints)} for {exercise.id}: {exercise.hints[shown]}")


def solution(exercise_id):
    """Print one right answer of an exercise."""
    exercise = _find(exercise_id)
    _state["solutions"][exercise.id] = True
    print(f"# {exercise.id} {exercise.title}: one way to write it\n{exercise.solution.strip()}")


def quiz(chapter, answers=None):
    """The quiz of a chapter; with answers such as ``{1: "b"}``, print what is to be said to them."""
    name, module = _load(chapter)
    made = Quiz(name, module.QUIZ, _record)
    if answers is None:
        return made
    print(made.answer(answers))
    return None


def _record(chapter, number, right):
    _state["quiz"].setdefault(chapter, {})[number] = right


def progress():
    """Print what has been checked in this kernel; a restart begins anew."""
    tried = sorted({key.partition(".")[0] for key in _state["passed"]} | set(_state["quiz"]))
    if not tried:
        print("Nothing checked yet in this kernel.")
    for chapter in tried:
        marks = []
        for exercise in exercises(chapter):
            mark = {True: "✓", False: "✗", None: "–"}[_state["passed"].get(exercise.id)]
            seen = " (solution read)" if exercise.id in _state["solutions"] else ""
            marks.append(f"{exercise.id} {mark}{seen}")
        right, asked = sum(_state["quiz"].get(chapter, {}).values()), len(questions(chapter))
        print(f"Chapter {chapter}: {', '.join(marks)}; quiz {right} of {asked}")


def _forget() -> Any:
    """Begin anew, for the tests."""
    for part in _state.values():
        part.clear()
