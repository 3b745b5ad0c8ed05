"""Shared fixtures: a browser, JupyterLab, and MNIST's real test files, where the machine has them."""

import os
import shutil
import tempfile
from pathlib import Path

import lab_page  # tools/lab_page.py
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MNIST_TEST_FILES = {
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


def pytest_configure(config):
    """What XLA compiled for one test serves the others too, in every process and kernel that is started from here."""
    if "TF_XLA_FLAGS" not in os.environ:
        folder = tempfile.mkdtemp(prefix="xla-")
        os.environ["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory={folder}"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="module")
def chromium():
    """Chromium, for the tests of one file: while Playwright runs, no other event loop may in this thread."""
    if lab_page.CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, and there is no Chromium on the PATH")
        pytest.skip("needs Chromium: apt install chromium")
    with lab_page.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """`make lab`, running on a copy of the chapters."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(lab_page.ROOT / "notebooks", folder / "notebooks")
    with lab_page.make_lab(folder) as server:
        yield server


@pytest.fixture(scope="session")
def mnist_files() -> Path:
    """The folder with MNIST's test images and labels; named by MNIST_T10K, or beside the repository."""
    import hashlib

    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist-t10k"
    folder = Path(os.environ.get("MNIST_T10K", beside))
    for name, digest in MNIST_TEST_FILES.items():
        if not (folder / name).exists():
            pytest.skip(f"MNIST's test files are not in {folder.name}; name their folder with MNIST_T10K")
        assert hashlib.md5((folder / name).read_bytes()).hexdigest() == digest
    return folder


@pytest.fixture(scope="session")
def tfds_folder(mnist_files, tmp_path_factory) -> Path:
    """A TFDS folder prepared by TFDS' own MNIST reader from the real test files: 10,000 images a split."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.image_classification.mnist import MNIST

    folder = tmp_path_factory.mktemp("tfds")

    class LocalMNIST(MNIST, skip_registration=True):
        name = "mnist"
        pkg_dir_path = MNIST.pkg_dir_path

        def _split_generators(self, _):
            part = lambda first, n: self._generate_some(first, n)  # noqa: E731
            return {"train": part(0, 9000), "test": part(9000, 1000)}

        def _generate_some(self, first, n):
            rows = self._generate_examples(10_000, str(images), str(labels))
            return (row for i, row in enumerate(rows) if first <= i < first + n)

    import gzip

    images, labels = folder / "images", folder / "labels"
    images.write_bytes(gzip.decompress((mnist_files / "t10k-images-idx3-ubyte.gz").read_bytes()))
    labels.write_bytes(gzip.decompress((mnist_files / "t10k-labels-idx1-ubyte.gz").read_bytes()))
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    LocalMNIST(data_dir=str(folder)).download_and_prepare(download_config=config)
    return folder
