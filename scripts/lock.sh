#!/bin/sh
# Write the hashed locks: requirements.lock (the station), requirements-test.lock and requirements-train.lock (each of
# them the station and more). One version of each library serves every Python from 3.11 to 3.14, x86-64 and aarch64.
#
#   scripts/lock.sh            keep the versions that are locked, add what is missing
#   scripts/lock.sh --upgrade  take the newest of everything
set -eu
cd "$(dirname "$0")/.."

upgrade=${1:-}
case $upgrade in
    '' | --upgrade) ;;
    *)
        echo "usage: scripts/lock.sh [--upgrade]" >&2
        exit 2
        ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v uv >/dev/null 2>&1; then
    "${PYTHON:-python3}" -m venv "$work/uv"
    "$work/uv/bin/pip" install --quiet --disable-pip-version-check uv
    PATH="$work/uv/bin:$PATH"
fi

# uv overlooks upper bounds of Requires-Python and pip does not: this release is the last that 3.11 may have.
echo 'backports-strenum<1.3' >"$work/constraints.txt"

# No configuration and no index but the standard one, so that the hashes are those of what everyone downloads.
unset UV_INDEX UV_DEFAULT_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_CONSTRAINT UV_OVERRIDE || true

# compile TARGET [ARGUMENT...]
compile() {
    target=$1
    shift
    uv --no-config pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        --constraints "$work/constraints.txt" --group build "$@" --output-file "$target" pyproject.toml >/dev/null
}

# Everything at once first: the three locks agree because each is cut out of this one.
everything=$work/everything.lock
if [ -z "$upgrade" ] && [ -f requirements.lock ]; then
    sort -u requirements.lock requirements-test.lock requirements-train.lock | sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\).*/\1/p' \
        >"$everything"
fi
compile "$everything" --all-extras
sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\).*/\1/p' "$everything" >>"$work/constraints.txt"

compile "$work/requirements.lock"
compile "$work/requirements-test.lock" --extra test
compile "$work/requirements-train.lock" --extra train
for lock in requirements.lock requirements-test.lock requirements-train.lock; do
    {
        echo "# Made by \`make lock\` for Python 3.11 to 3.14 on x86-64 and aarch64. Install with: pip install --require-hashes -r $lock"
        cat "$work/$lock"
    } >"$lock"
    echo "$lock: $(grep -c == "$lock") packages"
done
