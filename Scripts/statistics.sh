#!/usr/bin/env bash
# Compares the statistics with scipy, statsmodels and scikit-learn on fresh random inputs: Scripts/statistics.sh [SEED]
# The packages go into .cache/statistics, an environment of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
seed=${1:-$(date +%s)}
folder=.cache/statistics
wanted=$(printf '%s\n' numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 scikit-learn==1.9.1)

if [ "$(cat "$folder/requirements.txt" 2>/dev/null)" != "$wanted" ]; then
    echo "statistics: installing scipy, statsmodels and scikit-learn (a minute or two)"
    python3 -m venv --clear "$folder"
    # shellcheck disable=SC2086 # one argument a package
    "$folder/bin/pip" install --quiet --disable-pip-version-check $wanted
    echo "$wanted" >"$folder/requirements.txt"
fi

golden=$(mktemp --suffix .json)
trap 'rm -f "$golden"' EXIT
echo "statistics: seed $seed, eight times the cases of the committed file"
"$folder/bin/python" Scripts/make_statistics_golden.py --seed "$seed" --scale 8 --out "$golden"
LAPWING_STATISTICS_GOLDEN="$golden" swift test -c release --disable-testable-imports --filter StatisticsAgreementTests
