"""Hold a variant to every property of the contract."""

from collections.abc import Iterator

import numpy as np

from harness.conformance import failures, halves, state
from harness.conformance.subject import Outcome, Property, Subject
from harness.conformance.violation import NotApplicable, Violation
from implementations.variant import Variant

PROPERTIES: tuple[Property, ...] = tuple(
    Property.of(holds)
    for holds in (
        halves.users_equal_the_oracle,
        halves.items_equal_the_oracle,
        halves.biases_can_be_left_out,
        halves.regularisers_can_be_scaled_by_counts,
        halves.the_other_side_stays,
        halves.present_factors_are_used,
        halves.sweeps_predict_as_the_oracle_does,
        halves.the_objective_never_rises,
        halves.threads_do_not_change_a_bit,
        state.read_gives_what_was_loaded,
        state.read_has_the_dtype_of_the_variant,
        state.factors_are_copied_in_and_out,
        state.ratings_stay_as_they_are,
        state.read_only_memory_maps_are_accepted,
        state.warm_up_leaves_the_factors,
        state.prepare_and_load_start_over,
        state.bytes_needed_cover_the_factors,
        state.refuses_gives_a_reason,
        state.half_sweeps_are_done_when_they_return,
        failures.singular_systems_raise,
        failures.not_finite_factors_raise,
        failures.a_failure_can_be_got_over,
    )
)


def check(variant: Variant, threads: int = 2) -> Iterator[Outcome]:
    """Check every property, one after the other.

    Parameters
    ----------
    variant : Variant
        Anybody's: whatever its class raises is an outcome, too.
    threads : int
        Most threads to check it with.

    Yields
    ------
    Outcome
        In the order of `PROPERTIES`, each as soon as it is known.
    """
    subject = Subject(variant, threads)
    for prop in PROPERTIES:
        yield outcome(prop, subject)


def outcome(prop: Property, subject: Subject) -> Outcome:
    """Check one property; never raises for what the class does."""
    try:
        # What is not finite is looked for: NumPy need not warn of it.
        with np.errstate(all="ignore"):
            prop.holds(subject)
    except Violation as violation:
        passed, detail = False, str(violation)
    except NotApplicable as reason:
        passed, detail = True, f"does not apply: {reason}"
    except Exception as error:  # noqa: BLE001 - somebody else's class: anything may come out of it
        passed, detail = False, _one_line(error)
    else:
        passed, detail = True, ""
    return Outcome(prop.name, prop.statement, passed, detail)


def _one_line(error: Exception) -> str:
    return " ".join(f"raised {type(error).__name__}: {error}".split())
