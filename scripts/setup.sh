#!/bin/sh
# Make the station ready to run from this folder: system libraries, a .venv, the locked Python packages.
# What is done already is not done again, so this is quick from the second time on.
#
#   scripts/setup.sh run     what playing needs
#   scripts/setup.sh test    and what linting and testing need
#   scripts/setup.sh train   and what training needs (TensorFlow; Python 3.11 to 3.13)
#
# PYTHON names the interpreter (python3), VENV the environment's folder (.venv).
set -eu
cd "$(dirname "$0")/.."

kind=${1:-run}
venv=${VENV:-.venv}

die() {
    echo "latentfm: $*" >&2
    exit 1
}

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || die "PYTHON=$PYTHON is not a Python from 3.11 to 3.14"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    if command -v python3 >/dev/null 2>&1; then
        die "$(python3 --version) is not one that the station runs on; it needs 3.11 to 3.14 (or name one: PYTHON=...)"
    fi
    die "no python3 found; install Python 3.11 to 3.14 first (sudo apt-get install python3)"
}

case $kind in
    run) lock=requirements.lock system=run ;;
    test) lock=requirements-test.lock system=test ;;
    train) lock=requirements-train.lock system=run ;;
    *) die "usage: scripts/setup.sh [run|test|train]" ;;
esac

python=$(find_python)
export PYTHON="$python"

if [ -n "$(scripts/system.sh missing "$system")" ]; then
    if [ "$(id -u)" = 0 ]; then
        scripts/system.sh "$system"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n env "PYTHON=$python" scripts/system.sh "$system"
    else
        echo "latentfm: missing on this machine: $(scripts/system.sh missing "$system" | tr '\n' ' ')" >&2
        die "as nobody may install here without a password, run this once and try again: sudo scripts/system.sh $system"
    fi
fi

# The stamp holds what the environment was made from; any change of it makes the environment anew.
wanted=$(
    "$python" --version
    pwd
    sha256sum pyproject.toml "$lock"
)
stamp=$venv/stamp-$kind
if [ -x "$venv/bin/latentfm" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

if [ ! -x "$venv/bin/python" ] || [ "$("$venv/bin/python" --version 2>/dev/null)" != "$("$python" --version)" ]; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
echo "latentfm: installing the locked Python packages ($lock)" >&2
rm -f "$stamp"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
    --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
printf '%s\n' "$wanted" >"$stamp"
