"""The numbers we store: one way to divide and one way to round.

Everything that ends up in a float column passes through here, so two tables that state the same
quantity state the same bits. Formulas live beside what they are about; this module only knows
that NaN stands for NULL.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def rounded(values: FloatArray, decimals: int) -> FloatArray:
    """Round to a fixed number of decimals, exact halves to the even neighbour.

    Scaling by a power of ten, rounding to a whole number and scaling back gives one bit pattern
    per decimal number, and adding zero turns -0.0 into 0.0: equal values always hash equally.

    Args:
        values: Any float64 numbers; NaN means NULL.
        decimals: Digits kept after the point, 0 or more.

    Returns:
        The rounded values. NaN stays NaN, and an infinite value becomes NaN.
    """
    scale = 10.0**decimals
    with np.errstate(over="ignore", invalid="ignore"):
        result: FloatArray = np.rint(values * scale) / scale + 0.0
    return np.where(np.isfinite(result), result, np.nan)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide elementwise; nothing can be said per zero, negative or unknown attempts.

    Args:
        numerator: Dividends; NaN means NULL.
        denominator: Divisors in whatever unit the quotient is "per".

    Returns:
        The quotients, NaN where either side is NaN or the denominator is not above zero.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient: FloatArray = numerator / denominator
    return np.where(denominator > 0, quotient, np.nan)
