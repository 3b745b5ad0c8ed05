"""Quizzes: one question, options, a sentence of feedback for each option."""

import html
import string
from dataclasses import dataclass

import ipywidgets as widgets

# Radio buttons keep each option on one line, of which a narrow window shows the beginning: let it wrap.
_STYLE = """<style>
.gan-quiz .widget-radio-box label {
    display: block; height: auto; white-space: normal; overflow: visible; position: relative;
    padding-left: 22px; line-height: 20px; margin-bottom: 4px;
}
.gan-quiz .widget-radio-box input[type="radio"] { position: absolute; left: 1px; top: 0; margin: 0; }
</style>"""
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Option:
    """One answer to a question; `feedback` says why it is right or wrong."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with two or more options, exactly one of them right."""

    text: str
    options: tuple[Option, ...]

    def letters(self):
        """letter -> option, in order: a, b, c ..."""
        return dict(zip(string.ascii_lowercase, self.options, strict=False))

    def feedback(self, letter):
        """One line on this answer, beginning with ✓ or ✗."""
        options = self.letters()
        letter = str(letter).strip().lower()
        if letter not in options:
            return f"✗ {letter!r} is no option; choose one of {', '.join(options)}."
        return f"{'✓' if options[letter].right else '✗'} {letter}) {options[letter].feedback}"

    def is_right(self, letter):
        option = self.letters().get(str(letter).strip().lower())
        return option is not None and option.right


class Quiz:
    """The questions of a chapter: radio buttons where widgets run, plain text everywhere else."""

    def __init__(self, chapter, questions, record):
        self.chapter, self.questions, self._record = chapter, tuple(questions), record
        self.choices, self.replies = [], []
        parts = []
        for number, question in enumerate(self.questions, 1):
            # index=None: nothing is chosen at first, and no key press away from being chosen by accident.
            choice = widgets.RadioButtons(options=[f"{a}) {o.text}" for a, o in question.letters().items()],
                                          index=None, layout=widgets.Layout(width="auto", max_width="100%"))
            reply = widgets.HTML()
            choice.observe(self._listener(number, question, reply), names="index")
            self.choices.append(choice)
            self.replies.append(reply)
            parts += [widgets.HTML(f"<b>{number}. {html.escape(question.text)}</b>"), choice, reply]
        parts.append(widgets.HTML(_STYLE, layout=widgets.Layout(height="0", margin="0")))
        self.widget = widgets.VBox(parts)
        self.widget.add_class("gan-quiz")

    def _listener(self, number, question, reply):
        def chosen(change):
            if change["new"] is not None:
                letter = string.ascii_lowercase[change["new"]]
                self._record(self.chapter, number, question.is_right(letter))
                said = html.escape(question.feedback(letter))
                reply.value = f'<div role="status" aria-live="polite">{said}</div>'
        return chosen

    def answer(self, answers):
        """Feedback as text for answers such as ``{1: "b", 2: "a"}``."""
        lines = []
        for number, letter in answers.items():
            if number not in range(1, len(self.questions) + 1):
                lines.append(f"{number}. ✗ There is no question {number}; choose 1 to {len(self.questions)}.")
                continue
            question = self.questions[number - 1]
            self._record(self.chapter, number, question.is_right(letter))
            lines.append(f"{number}. {question.feedback(letter)}")
        return "\n".join(lines)

    def __repr__(self):
        lines = [f"Quiz {self.chapter}"]
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {question.text}")
            lines += [f"   {letter}) {option.text}" for letter, option in question.letters().items()]
        return "\n".join([*lines, f'To answer in text: quiz("{self.chapter}", {{1: "a"}})'])

    def _repr_mimebundle_(self, include=None, exclude=None):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {"text/plain": repr(self), _WIDGET_VIEW: view}
