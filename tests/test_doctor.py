"""`doctor`: what fits, what doesn't, and what the person in front of the machine reads."""

import subprocess
import sys
from importlib import metadata

import pytest

from gan_helpers import doctor


def test_this_environment_is_ready_and_every_dependency_was_looked_at(capsys):
    doctor.ready()
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "This machine is ready."
    assert [line.split()[0] for line in said[:-1]] == list(doctor.MAIN)
    assert all(line.endswith(": ok") for line in said[:-1])
    needed = [line for line in metadata.requires("gan-helpers") if "extra ==" not in line]
    assert len(doctor.versions()) == len(needed) + 1


@pytest.mark.parametrize("name, found, said", [
    ("tensorflow", "2.15.1", "tensorflow >=2.18, <2.22: no, this is 2.15.1"),
    ("tensorflow", "2.22.0", "tensorflow >=2.18, <2.22: no, this is 2.22.0"),
    ("tensorflow-gan", None, "tensorflow-gan ==2.1.0: not installed"),
    ("Python", "3.9.18", "Python >=3.10, <3.14: no, this is 3.9.18"),
    ("scipy", None, "scipy >=1.11: not installed"),
])
def test_what_does_not_fit_is_named(name, found, said, monkeypatch, capsys):
    installed = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda one: found if one == name else installed(one))
    doctor.ready()
    lines = capsys.readouterr().out.splitlines()
    assert said in lines and "isn't ready" in lines[-1] and "make lab" in lines[-1]


def test_a_package_that_was_only_copied_is_explained(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", absent)
    with pytest.raises(RuntimeError, match="gan-helpers isn't installed .* `make lab`"):
        doctor.ready()


def test_it_loads_no_tensorflow():
    code = "import sys, gan_helpers.doctor as d; d.ready(); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_says_it_with_its_exit_status():
    import subprocess
    import sys

    code = "import sys; sys.argv = ['gan_helpers', 'doctor']; import gan_helpers.__main__ as m; "
    good = subprocess.run([sys.executable, "-m", "gan_helpers", "doctor"], capture_output=True, text=True)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "This machine is ready.")
    bad = subprocess.run([sys.executable, "-c", code + "from gan_helpers import doctor; "
                          "doctor._installed = lambda name: '0.1'; m.main()"], capture_output=True, text=True)
    assert bad.returncode == 1 and "isn't ready" in bad.stdout and "Traceback" not in bad.stderr
