"""Quantiles of Student's t. `scipy.stats` has them, too, and takes half a second to import."""

from scipy.special import ndtri, stdtrit


def student_quantile(probability: float, freedom: float) -> float:
    """Value that Student's t lies below with this probability.

    Parameters
    ----------
    probability : float
    freedom : float
        Degrees of freedom; infinite for the normal distribution.
    """
    if freedom == float("inf"):
        return float(ndtri(probability))
    return float(stdtrit(freedom, probability))
