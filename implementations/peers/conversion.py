"""Our regularisers in the terms of libraries that know another ridge only."""

from implementations.problem import AlsParams, Ratings


def count_scaled_reg(params: AlsParams, train: Ratings) -> float:
    """Regulariser λ of a ridge λ·n_row·‖factor‖², for what knows no other.

    Parameters
    ----------
    params : AlsParams
    train : Ratings

    Returns
    -------
    float
        That of the parameters where they are count-scaled. Otherwise the one whose weights, summed
        over all rows, are the same: reg·(users + items) = λ·2·ratings.
    """
    if params.count_scaled:
        return params.reg
    return params.reg * (train.n_users + train.n_items) / (2 * len(train))
