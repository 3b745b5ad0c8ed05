"""Guards around a learner's code: a time limit, and an end to what it may print. The kernel stays as it was."""

import _thread
import contextlib
import io
import signal
import sys
import threading

PRINTED = 2_000     # characters that an answer may print while it is checked


class TimeIsUp(Exception):
    """The answer ran longer than it may."""


@contextlib.contextmanager
def time_limit(seconds):
    """Stop what runs inside after `seconds` and raise `TimeIsUp`.

    It works as Jupyter's stop button does, by an interrupt of the main thread, and so on every system. In
    another thread, which can't be interrupted, there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    done, up = threading.Event(), threading.Event()

    def watch():
        pause = seconds
        while not done.wait(pause):     # again and again: a bare `except:` in a loop swallows the first ones
            up.set()
            pause = 0.2
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)   # ends a sleep, too
            else:
                _thread.interrupt_main()

    watcher = threading.Thread(target=watch, daemon=True)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watcher.start()
    try:
        yield
    except KeyboardInterrupt:
        if not up.is_set():
            raise                       # the learner's own
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            done.set()
            watcher.join()
        with contextlib.suppress(KeyboardInterrupt):
            signal.signal(signal.SIGINT, before)
    if up.is_set():
        raise TimeIsUp


class _Bounded(io.TextIOBase):
    """Passes on the first `PRINTED` characters, and counts the rest."""

    def __init__(self, stream):
        self.stream, self.left, self.dropped = stream, PRINTED, 0

    def writable(self):
        return True

    def write(self, text):
        shown = text[:self.left]
        self.left -= len(shown)
        self.dropped += len(text) - len(shown)
        self.stream.write(shown)
        return len(text)

    def flush(self):
        self.stream.flush()


@contextlib.contextmanager
def bounded_printing():
    """Inside, `print` shows the first 2,000 characters; afterwards one line says how many were left out."""
    bounded = _Bounded(sys.stdout)
    try:
        with contextlib.redirect_stdout(bounded):
            yield
    finally:
        if bounded.dropped:
            bounded.stream.write(f"\n… your answer printed {bounded.dropped:,} characters more; left out.\n")
