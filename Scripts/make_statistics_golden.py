#!/usr/bin/env python3
"""Writes random inputs with what scipy, statsmodels and scikit-learn make of them, for StatisticsAgreementTests.

    make_statistics_golden.py --seed 6 --out Tests/LapwingStatisticsTests/Fixtures/agreement.json

What these packages do not have is written out from its definition, by another way than Lapwing's where there is one.
"""
import argparse
import json

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import optimize, special, stats
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression
from statsmodels.api import GLM, add_constant, families
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint


def numbers(values):
    return [float(value) for value in values]


def beta(random, count):
    cases = []
    pairs = [(10 ** random.uniform(-2, 6), 10 ** random.uniform(-2, 6)) for _ in range(count)]
    pairs += [(0.5, 0.5), (1, 1), (1e-3, 2e-3), (1e-2, 1e6), (1e6, 1e-2), (3e8, 2e8), (1e6, 1e6), (1, 1e7), (5, 0.01)]
    for a, b in pairs:
        # Points where the distribution has its mass, and some far out in its tails.
        p = float(random.choice([random.uniform(), 10 ** random.uniform(-12, -1)]))
        x = float(stats.beta.ppf(random.uniform(0.001, 0.999), a, b))
        if not 1e-290 < x < 1 - 1e-15:
            x = 0.5
        x = min(x * float(random.choice([1, 1, 0.9, 1.1])), 1 - 1e-12)
        lower, upper = special.betainc(a, b, x), special.betaincc(a, b, x)
        quantile = special.betaincinv(a, b, p)
        case = {"a": a, "b": b, "x": x, "lower": float(lower), "upper": float(upper), "p": p}
        if quantile > 1e-290:
            case["quantile"] = float(quantile)
        cases.append(case)
    return cases


def normal(random, count):
    ps = np.concatenate([random.uniform(size=count), 10 ** random.uniform(-290, -1, count), [0.5, 0.975, 1 - 1e-12]])
    xs = np.concatenate([random.normal(size=count) * 3, random.uniform(-37, 8, count), [0.0, -1.0, 1.0]])
    return [{"p": float(p), "quantile": float(special.ndtri(p)), "x": float(x), "cumulative": float(special.ndtr(x))}
            for p, x in zip(ps, xs)]


def proportions(random, count):
    cases = []
    sizes = [1, 2, 40, 1000, 100_000, 10_000_000] + [int(10 ** random.uniform(0, 6)) for _ in range(count)]
    for size in sizes:
        successes = int(random.choice([0, size, random.integers(0, size + 1), random.binomial(size, 0.03)]))
        level = float(random.choice([0.8, 0.9, 0.95, 0.99, 0.999999]))
        exact = proportion_confint(successes, size, alpha=1 - level, method="beta")
        wilson = proportion_confint(successes, size, alpha=1 - level, method="wilson")
        lower = 0.0 if successes == 0 else special.betaincinv(successes, size - successes + 1, 1 - level)
        upper = 1.0 if successes == size else special.betainccinv(successes + 1, size - successes, 1 - level)
        cases.append({
            "successes": successes, "count": size, "level": level, "clopperPearson": numbers(exact),
            "wilson": numbers(wilson), "lower": float(lower), "upper": float(upper),
            "mass": float(stats.binom.pmf(successes, size, 0.3)),
            "cumulative": float(stats.binom.cdf(successes, size, 0.3))})
    return cases


def differing(random, count):
    cases = []
    pairs = [(0, 0), (0, 1), (0, 12), (7, 7), (10_000, 10_300), (3, 2000)]
    pairs += [tuple(int(10 ** random.uniform(0, 3)) for _ in range(2)) for _ in range(count)]
    for first, second in pairs:
        table = [[5, first], [second, 5]]
        both = first + second
        cases.append({
            "firstOnly": first, "secondOnly": second,
            "exact": float(mcnemar(table, exact=True).pvalue) if both else 1.0})
    return cases


def tango(first, second, count, level):
    """Where the score statistic is z, with the constrained likelihood maximised by search and not by formula."""
    z = special.ndtri((1 + level) / 2)

    def statistic(d):
        # q = max(0, -d) + room u, so that nothing cancels at the ends.
        room = (1 - abs(d)) / 2

        def shares(u):
            return max(0.0, -d) + room * u, max(0.0, d) + room * u, 2 * room * (1 - u)

        def slope(u):
            q, p, rest = shares(u)
            return first / q + second / p - 2 * (count - first - second) / rest
        q, p, _ = shares(optimize.brentq(slope, 1e-14, 1 - 1e-14, xtol=1e-17, rtol=1e-15))
        return (second - first - count * d) / np.sqrt(count * (q + p - d * d))
    point = (second - first) / count
    low = optimize.brentq(lambda d: statistic(d) - z, -1 + 1e-3, point, xtol=1e-15, rtol=1e-14)
    high = optimize.brentq(lambda d: statistic(d) + z, point, 1 - 1e-3, xtol=1e-15, rtol=1e-14)
    return low, high


def pairs(random, count):
    cases = []
    for _ in range(count):
        size = int(10 ** random.uniform(1.3, 4))
        parts = [int(part) for part in random.multinomial(size, random.dirichlet([6, 1, 1, 3]))]
        both, first, second = parts[0], max(parts[1], 1), max(parts[2], 1)
        size = both + first + second + parts[3]
        level = float(random.choice([0.8, 0.9, 0.95]))
        x, y = both + first, both + second
        half = special.ndtri((1 + level) / 2) * np.sqrt((first + second) / (x * y))
        cases.append({
            "bothRight": both, "firstOnly": first, "secondOnly": second, "count": size, "level": level,
            "tango": numbers(tango(first, second, size, level)),
            "kept": numbers([y / x * np.exp(-half), y / x * np.exp(half)])})
    return cases


def isotonic(random, count):
    cases = []
    for index in range(count):
        size = int(random.integers(1, 60))
        x = random.uniform(size=size) if index % 2 else random.integers(0, 12, size) / 12
        y = (random.uniform(size=size) < x).astype(float) if index % 3 else x + random.normal(size=size) * 0.3
        weights = random.uniform(0.1, 3, size)
        at = random.uniform(-0.1, 1.1, 12)
        fit = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=weights)
        cases.append({"x": numbers(x), "y": numbers(y), "weights": numbers(weights), "at": numbers(at),
                      "values": numbers(fit.predict(at))})
    return cases


def platt(random, count):
    cases = []
    for _ in range(count):
        size = int(random.integers(20, 60))
        scores = random.normal(size=size) * 2 + 5
        right = random.uniform(size=size) < 1 / (1 + np.exp(-(scores - 5) * 0.7))
        right[:2] = [True, False]
        rows = add_constant(scores)
        fit = GLM(right.astype(float), rows, families.Binomial()).fit(tol=1e-14, maxiter=200)
        targets = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
        smooth = GLM(targets, rows, families.Binomial()).fit(tol=1e-14, maxiter=200)
        cases.append({"scores": numbers(scores), "isRight": [bool(value) for value in right],
                      "plain": numbers(fit.params), "smoothed": numbers(smooth.params)})
    return cases


def bootstrap(random, count):
    cases = []
    for _ in range(count):
        size = int(random.integers(2, 14))
        first, second = random.uniform(0.2, 1, size), random.uniform(0.2, 1, size)
        rows = random.integers(0, size, (int(random.integers(20, 60)), size))
        level = float(random.choice([0.8, 0.9, 0.95]))
        ends = [(1 - level) / 2, (1 + level) / 2]
        # scipy's own bootstrap takes no indices: its percentile method is this quantile over the resamples.
        cases.append({
            "first": numbers(first), "second": numbers(second), "rows": rows.tolist(), "level": level,
            "mean": numbers(np.quantile(first[rows].mean(1), ends)),
            "difference": numbers(np.quantile((second - first)[rows].mean(1), ends)),
            "ratio": numbers(np.quantile(second[rows].mean(1) / first[rows].mean(1), ends))})
    return cases


def calibration_error(p, right, bins):
    """By the definition, row by row; the probabilities of a case are all different."""
    place = np.empty(len(p), int)
    place[np.argsort(p, kind="stable")] = np.arange(len(p)) * bins // len(p)
    return sum((place == k).mean() * abs(p[place == k].mean() - right[place == k].mean())
               for k in range(bins) if (place == k).any())


def ranking(random, count):
    cases = []
    for index in range(count):
        size = int(random.integers(8, 60))
        p = random.beta(4, 2, size) if index % 2 else random.integers(0, 9, size) / 8
        right = random.uniform(size=size) < p
        right[:2] = [True, False]
        order = np.argsort(-p, kind="stable")
        means = np.array([(~right)[p == p[row]].mean() for row in order])
        area = float((np.cumsum(means) / np.arange(1, size + 1)).mean())
        case = {
            "p": numbers(p), "isRight": [bool(value) for value in right],
            "auroc": float(metrics.roc_auc_score(right, p)), "brier": float(metrics.brier_score_loss(right, p)),
            "logLoss": float(metrics.log_loss(right, p)), "riskCoverageArea": area}
        if index % 2:
            case["equalCount"] = float(calibration_error(p, right, 10))
        cases.append(case)
    return cases


def routing(random, count):
    cases = []
    while len(cases) < count:
        size = int(random.integers(8, 60))
        scores = random.uniform(size=size) if len(cases) % 2 else random.integers(0, 6, size) / 5
        weak = (random.uniform(size=size) < 0.55).astype(float)
        strong = (random.uniform(size=size) < 0.85).astype(float)
        if strong.sum() <= weak.sum():
            continue
        order = np.argsort(-scores, kind="stable")
        gains = np.array([(strong - weak)[scores == scores[row]].mean() for row in order])
        quality = (weak.sum() + np.concatenate([[0], np.cumsum(gains)])) / size
        recovered = (quality - weak.mean()) / (strong.mean() - weak.mean())
        shares = np.arange(size + 1) / size

        def crossing(target):
            first = int(np.argmax(recovered >= target - 1e-12))
            return float(np.interp(target, recovered[first - 1:first + 1], shares[first - 1:first + 1]))
        cases.append({"scores": numbers(scores), "weak": numbers(weak), "strong": numbers(strong),
                      "averageGapRecovered": float(np.trapezoid(recovered, shares)),
                      "half": crossing(0.5), "fourFifths": crossing(0.8)})
    return cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--scale", type=int, default=1, help="how many times the cases of the committed file")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    n = arguments.scale
    golden = {
        "seed": arguments.seed,
        "packages": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
                     "scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "beta": beta(random, 60 * n), "normal": normal(random, 25 * n), "proportions": proportions(random, 40 * n),
        "differing": differing(random, 25 * n), "pairs": pairs(random, 20 * n), "isotonic": isotonic(random, 10 * n),
        "platt": platt(random, 5 * n), "bootstrap": bootstrap(random, 6 * n), "ranking": ranking(random, 8 * n),
        "routing": routing(random, 6 * n)}
    with open(arguments.out, "w") as file:
        file.write("{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items()) + "\n}\n")


main()
