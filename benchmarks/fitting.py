"""Fit a logistic regression over named figures, with held-out probabilities; shared by the benchmarks of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

FOLDS = 10
REGULARISATION = 30.0


def held_out_and_fitted(
    names: Sequence[str], figures: Sequence[Sequence[float]], labels: Sequence[bool], groups: Sequence[int]
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return each row's probability from a fit that did not see its group, and the coefficients of the whole fit.

    :param names: what the columns of `figures` mean; the coefficients have these names, and `bias`.
    :param groups: rows of one group never stand on both sides of a fold.
    """
    model = LogisticRegression(C=REGULARISATION, max_iter=10_000)
    rows, wanted = np.array(figures), np.array(labels)
    folds = GroupKFold(FOLDS)
    held_out = cross_val_predict(model, rows, wanted, cv=folds, groups=np.array(groups), method="predict_proba")[:, 1]
    model.fit(rows, wanted)
    return held_out, dict(zip(("bias", *names), (*model.intercept_, *model.coef_[0]), strict=True))


def print_coefficients(fitted: Mapping[str, float], now: Mapping[str, float]) -> None:
    """Print the fitted coefficients beside those in use."""
    for name, value in fitted.items():
        print(f"{name:16} {value:6.1f}   now {now[name]:6.1f}")
