"""Training that is broken off goes on from what was kept, to the same bits."""

import subprocess
import sys
from pathlib import Path

import pytest
from strategies import bits

from harness.conformance.problems import irregular
from implementations import AlsParams, Ratings, fit

pytestmark = pytest.mark.kernel

PARAMS = AlsParams(rank=3, reg=0.3, bias_reg=0.2)
TRAIN = irregular().train
ROOT = Path(__file__).parents[2]


class BrokenOffError(Exception):
    """What a power cut looks like from within."""


def break_off_after(sweep):
    def told(progress):
        if progress.sweep == sweep:
            raise BrokenOffError

    return told


def kept(folder):
    return sorted(path.name for path in folder.glob("sweep-*"))


@pytest.mark.parametrize(
    "implementation", ["numpy", "numba-tiled-f32", "numba-tiled+relaxed+nested"]
)
@pytest.mark.parametrize("broken_off", [1, 4, 6, 9])
def test_it_goes_on_to_the_same_bits(implementation, broken_off, tmp_path):
    given = {"params": PARAMS, "sweeps": 10, "implementation": implementation}
    whole = fit(TRAIN, **given)
    with pytest.raises(BrokenOffError):
        fit(
            TRAIN,
            **given,
            checkpoint=tmp_path,
            checkpoint_every=2,
            callback=break_off_after(broken_off),
        )
    told = []
    went_on = fit(
        TRAIN,
        **given,
        checkpoint=tmp_path,
        checkpoint_every=2,
        callback=lambda p: told.append(p.sweep),
    )
    assert bits(went_on) == bits(whole)
    assert told == [*range(broken_off // 2 * 2 + 1, 11)]
    assert kept(tmp_path) == ["sweep-000008.npz", "sweep-000010.npz"]


def test_a_process_that_is_killed_goes_on(tmp_path):
    script = (
        "import os\n"
        "from harness.conformance.problems import irregular\n"
        "from implementations import AlsParams, fit\n"
        "params = AlsParams(rank=3, reg=0.3, bias_reg=0.2)\n"
        "end = lambda p: os.kill(os.getpid(), 9) if p.sweep == 5 else None\n"
        f"fit(irregular().train, params, sweeps=8, checkpoint={str(tmp_path)!r},"
        " checkpoint_every=2, callback=end)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert kept(tmp_path) == ["sweep-000002.npz", "sweep-000004.npz"]
    went_on = fit(TRAIN, PARAMS, sweeps=8, checkpoint=tmp_path, checkpoint_every=2)
    assert bits(went_on) == bits(fit(TRAIN, PARAMS, sweeps=8))


def test_all_sweeps_made_are_not_made_again(tmp_path):
    whole = fit(TRAIN, PARAMS, sweeps=6, checkpoint=tmp_path)
    told = []
    again = fit(TRAIN, PARAMS, sweeps=6, checkpoint=tmp_path, callback=told.append)
    assert bits(again) == bits(whole)
    assert told == []
    fewer = fit(TRAIN, PARAMS, sweeps=5, checkpoint=tmp_path)
    assert bits(fewer) == bits(fit(TRAIN, PARAMS, sweeps=5))


def test_a_damaged_one_is_passed_over(tmp_path):
    fit(TRAIN, PARAMS, sweeps=6, checkpoint=tmp_path, checkpoint_every=2)
    (tmp_path / "sweep-000006.npz").write_bytes(b"PK half of it")
    told = []
    again = fit(
        TRAIN, PARAMS, sweeps=6, checkpoint=tmp_path, callback=lambda p: told.append(p.sweep)
    )
    assert told == [5, 6]
    assert bits(again) == bits(fit(TRAIN, PARAMS, sweeps=6))


@pytest.mark.parametrize(
    "changed",
    [
        {"params": AlsParams(rank=3, reg=0.3, bias_reg=0.3)},
        {"implementation": "numpy"},
        {"relaxation": 1.3},
        {
            "train": Ratings(
                TRAIN.users, TRAIN.items, TRAIN.values + 1, TRAIN.n_users, TRAIN.n_items
            )
        },
        {"start": fit(TRAIN, PARAMS, sweeps=1)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_training_is_refused(changed, tmp_path):
    fit(TRAIN, PARAMS, sweeps=1, checkpoint=tmp_path)
    given = {"train": TRAIN, "params": PARAMS} | changed
    with pytest.raises(ValueError, match="is of other ratings, parameters or implementation"):
        fit(**given, sweeps=2, checkpoint=tmp_path)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="holds other files: give an empty folder"):
        fit(TRAIN, PARAMS, checkpoint=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_is_damaged_is_named(tmp_path):
    fit(TRAIN, PARAMS, sweeps=1, checkpoint=tmp_path)
    (tmp_path / "about.json").write_text("{")
    with pytest.raises(ValueError, match=r"about\.json is damaged: remove the folder"):
        fit(TRAIN, PARAMS, sweeps=1, checkpoint=tmp_path)


def test_what_is_best_is_not_kept(tmp_path):
    with pytest.raises(ValueError, match="leave out validation"):
        fit(TRAIN, PARAMS, checkpoint=tmp_path, validation=TRAIN)
    assert not [*tmp_path.iterdir()]
