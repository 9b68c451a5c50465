"""Our regulariser in the terms of libraries that know another ridge only."""

from implementations.problem import AlsParams


def count_scaled_reg(params: AlsParams) -> float:
    """Regulariser λ of a ridge λ·n_row·‖factor‖², for what knows no other.

    Parameters
    ----------
    params : AlsParams

    Returns
    -------
    float
        That of the parameters where they are count-scaled; otherwise in proportion to the two
        defaults, .05 where ours is 25.
    """
    if params.count_scaled:
        return params.reg
    return params.reg * AlsParams(count_scaled=True).reg / AlsParams().reg
