"""Quantiles of Student's t for whole degrees of freedom, without a library of statistics."""

import math


def t_cdf(t: float, freedom: int) -> float:
    """P(T ≤ t) by the finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan2(abs(t), math.sqrt(freedom))
    cosine_squared = math.cos(angle) ** 2
    term, total = 1.0, 0.0
    if freedom % 2:
        for step in range(1, freedom - 1, 2):
            total += term
            term *= cosine_squared * (step + 1) / (step + 2)
        inside = 2 / math.pi * (angle + math.sin(angle) * math.cos(angle) * total)
    else:
        for step in range(0, freedom - 1, 2):
            total += term
            term *= cosine_squared * (step + 1) / (step + 2)
        inside = math.sin(angle) * total
    return 0.5 + math.copysign(inside / 2, t)


def t_quantile(share: float, freedom: int) -> float:
    """The t with P(T ≤ t) = `share`. Raises ValueError unless 0 < share < 1 and freedom ≥ 1."""
    if not 0 < share < 1 or freedom < 1:
        raise ValueError("A quantile needs a share between 0 and 1, and at least one degree of freedom.")
    if share < 0.5:
        return -t_quantile(1 - share, freedom)
    low, high = 0.0, 1.0
    while t_cdf(high, freedom) < share:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, freedom) < share else (low, middle)
    return (low + high) / 2
