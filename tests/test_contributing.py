"""The examples of CONTRIBUTING.md are what they say: complete classes that can be run."""

import re
from pathlib import Path

import numpy as np
import pytest

from harness.conformance.problems import irregular
from implementations import AlsBackend, AlsParams, Job, ProblemSize, WholeFit

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", TEXT, re.DOTALL))


def example(name):
    """The one class that an example defines."""
    names: dict = {"__name__": name}
    exec(EXAMPLES[name], names)  # our own text
    (made,) = [one for one in names.values() if getattr(one, "__module__", "") == name]
    return made


def test_there_is_one_of_either_kind():
    assert issubclass(example("my_als"), AlsBackend)
    assert issubclass(example("my_library"), WholeFit)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_method_is_missing_and_each_takes_what_it_is_given(name):
    made = example(name)
    assert not made.__abstractmethods__
    job = Job(AlsParams(rank=2), np.dtype(made.dtype_name), 1, ProblemSize(10, 4, 3))
    assert made.bytes_needed(job) > 0
    assert made.refuses(job) is None
    made(job.params, job.dtype, 1).prepare(irregular().train)


def test_the_library_can_be_fitted():
    library = example("my_library")(AlsParams(rank=2), np.dtype("float64"), 1)
    train = irregular().train
    library.prepare(train)
    library.warm_up()
    library.fit(1)
    assert library.read().mean == pytest.approx(train.mean)
