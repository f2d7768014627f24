#!/usr/bin/env python3
"""Writes small samples with what scikit-learn's regression and TF-IDF make of them, for RegressionAgreementTests.

    make_regression_golden.py --seed 6 --out Tests/LapwingStatisticsTests/Fixtures/regression.json
"""
import argparse
import json

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

WORDS = "the a of river bank Ünter 12 3.5 loan? risk, water$ rate% flows ÉCOLE why not I'm x_1 sum".split()


def rounded(array):
    return np.asarray(array).round(10).tolist()


def regression(random, classes, columns, c, weighted, intercept=True):
    rows = random.normal(size=(25 * classes, columns)).round(6)
    rows[random.uniform(size=rows.shape) < 0.3] = 0
    scores = rows @ random.normal(size=(columns, classes)) + random.normal(size=classes)
    labels = (scores + random.gumbel(size=scores.shape)).argmax(1)
    labels[:classes] = range(classes)
    weights = random.integers(1, 5, len(rows)).astype(float) if weighted else None
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000, fit_intercept=intercept).fit(rows, labels, weights)
    return {"rows": rows.tolist(), "classes": labels.tolist(), "classCount": classes, "c": c,
            "weights": None if weights is None else weights.tolist(), "hasIntercept": intercept,
            "coefficients": rounded(model.coef_.T), "intercepts": rounded(np.atleast_1d(model.intercept_)),
            "probabilities": rounded(model.predict_proba(rows))}


def ridge(random, count, columns, alpha):
    rows = random.normal(size=(count, columns)).round(6)
    rows[random.uniform(size=rows.shape) < 0.3] = 0
    targets = (rows @ random.normal(size=columns) + random.normal(size=count) + 2).round(6)
    model = Ridge(alpha=alpha, tol=1e-14, solver="svd").fit(rows, targets)
    return {"rows": rows.tolist(), "targets": targets.tolist(), "alpha": alpha,
            "coefficients": rounded(model.coef_), "intercept": float(model.intercept_)}


def terms(random):
    def text():
        return " ".join(random.choice(WORDS, random.integers(3, 30)))

    fitted, other = [text() for _ in range(20)], [text() for _ in range(5)]
    model = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit(fitted)
    return {"texts": fitted, "others": other, "terms": list(model.get_feature_names_out()),
            "rows": rounded(model.transform(fitted + other).toarray())}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    golden = {
        "regressions": [
            regression(random, 2, 4, 1.0, False), regression(random, 2, 4, 100.0, True),
            regression(random, 3, 5, 0.1, False), regression(random, 5, 6, 10.0, True),
            regression(random, 3, 4, 1.0, False, intercept=False),
        ],
        "ridges": [ridge(random, 40, 6, 2.0), ridge(random, 12, 20, 0.5)],
        "terms": terms(random),
    }
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(golden, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
