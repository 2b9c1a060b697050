#!/bin/sh
# Install Latent FM as a systemd service from this checkout, or upgrade what is installed. Must be root.
#
#   scripts/install.sh install   a first release; where there is one already, the same as upgrade
#   scripts/install.sh upgrade   a new release beside it, examined by its own `latentfm doctor` before it is switched
#                                to; when it fails there, or does not start, the station goes on with the old one
#
# PYTHON names the interpreter (python3), WHEEL a wheel to install instead of one built here, DOCTOR_ARGS go to
# `latentfm doctor`, FORCE=1 passes over what it finds. DESTDIR and other places: places.sh.
#
# releases/ID has the package in an environment of its own, the units and the docs; environments/ID the libraries of
# one lock, which releases share. Nothing runs from the checkout, and what is in /etc already stays as it is.
set -eu
cd "$(dirname "$0")/.."
. scripts/places.sh
umask 022 # the service is nobody that root knows

action=${1:-install}
python=${PYTHON:-python3}
top=$root$prefix
link=$top/current
done=

check_machine() {
    case $action in
        install | upgrade) ;;
        *) die "usage: scripts/install.sh [install|upgrade]" ;;
    esac
    if [ "$action" = upgrade ] && [ ! -L "$link" ]; then
        die "nothing is installed in $top: sudo make install"
    fi
    for folder in "$top/releases" "$top/environments" "$root$etc"; do
        if ! mkdir -p "$folder" 2>/dev/null || ! [ -w "$folder" ]; then
            die "$folder can't be written: sudo make $action"
        fi
    done
    [ -n "$root" ] || PYTHON=$python scripts/system.sh run
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' ||
        die "PYTHON=$python is not a Python from 3.11 to 3.14"
    case $("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))') in
        /home/* | /root/* | /run/user/*)
            say "warning: this Python is in a home, which the service can't see: PYTHON=/usr/bin/python3 would do" >&2
            ;;
    esac
}

# The libraries, as locked. They are put under another name first: what has this one is whole.
build_environment() {
    key=$("$python" -c 'import platform, sys; print("py%d.%d-" % sys.version_info[:2] + platform.machine())')
    key=$key-$(sha256sum requirements.lock | cut -c 1-12)
    [ ! -e "$top/environments/$key" ] || return 0
    say "installing the locked Python packages to $top/environments/$key"
    rm -rf "$top/environments/$key.part"
    "$python" -m venv "$top/environments/$key.part"
    "$top/environments/$key.part/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --only-binary :all: --require-hashes -r requirements.lock
    mv "$top/environments/$key.part" "$top/environments/$key"
}

build_release() {
    version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' daemon/latentfm/__init__.py)
    id=$version-$(date -u +%Y%m%d-%H%M%S)
    while [ -e "$top/releases/$id" ]; do id=$id+; done
    release=releases/$id
    say "installing to $top/$release"
    "$python" -m venv --without-pip "$top/$release/venv"
    site=$("$top/$release/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    # Both the link and the path are relative, and the path goes no further up than the release, so that it is found by
    # way of `current` too, and in a root that is moved.
    ln -s "../../environments/$key" "$top/$release/libraries"
    echo "../../../../libraries/lib/$(basename "$(dirname "$site")")/site-packages" >"$site/libraries.pth"
    "$top/environments/$key/bin/python" -m pip --python "$top/$release/venv/bin/python" install --quiet \
        --disable-pip-version-check --no-input --no-index --no-deps --no-build-isolation --ignore-installed \
        "${WHEEL:-.}"
    sed -i "s|$root$prefix|$prefix|g" "$top/$release/venv/bin/latentfm"
    mkdir -p "$top/$release/bin" "$top/$release/docs"
    ln -s ../venv/bin/latentfm "$top/$release/bin/latentfm"
    install -m 644 README.md LICENSE NOTICE CHANGELOG.md config.toml "$top/$release"
    install -m 644 docs/*.md "$top/$release/docs"
    scripts/units.sh "$top/$release/systemd"
}

# What is there already stays, whoever changed it.
put_settings() {
    install -d "$root$etc/playlists/themes"
    install -d -m 700 "$root$etc/credentials"
    for file in config.toml playlists/*.toml playlists/themes/*; do
        if [ ! -e "$root$etc/$file" ]; then
            install -m 644 "$file" "$root$etc/$file"
        elif ! cmp -s "$file" "$root$etc/$file"; then
            say "$root$etc/$file stays; this release ships another one"
        fi
    done
}

# Ask a release how it would fare with the settings of every station. The service's own paths are named to it.
examine() {
    for file in "$root$etc"/*.toml; do
        name=$(basename "$file" .toml)
        case $name in config) folder=$root$state ;; *) folder=$root$state-$name ;; esac
        say "examining $file"
        # shellcheck disable=SC2086 # one word an option
        (cd / && LATENTFM_STATION__STATE_DIR=$folder CREDENTIALS_DIRECTORY=$root$etc/credentials \
            "$top/$1/venv/bin/python" -m latentfm doctor --config "$file" ${DOCTOR_ARGS:-}) || return 1
    done
}

switch_to() {
    ln -s "$1" "$link.new"
    mv -T "$link.new" "$link"
    install -d "$root$units" "$root$bin"
    install -m 644 "$top/$1"/systemd/*.service "$root$units"
    if [ -L "$root$bin/latentfm" ] || [ ! -e "$root$bin/latentfm" ]; then
        ln -sfn "$prefix/current/bin/latentfm" "$root$bin/latentfm"
    else
        say "warning: $root$bin/latentfm is not ours and stays; the command is $prefix/current/bin/latentfm" >&2
    fi
}

# Start every station that runs anew. systemctl waits until each can be heard.
restart() {
    if ! systemd_runs; then
        say "systemd does not run here: nothing was started"
        return
    fi
    systemctl daemon-reload
    for unit in $(systemctl list-units --plain --no-legend --state=active,activating,reloading \
        'latentfm.service' 'latentfm@*.service' | awk '{ print $1 }'); do
        say "restarting $unit"
        systemctl restart "$unit" || return 1
    done
}

# Keep this release, the one before it, and the libraries of the two.
prune() {
    for folder in "$top"/releases/*; do
        case releases/$(basename "$folder") in "$release" | "$old") ;; *) rm -rf "$folder" ;; esac
    done
    for folder in "$top"/environments/*; do
        used=
        for libraries in "$top"/releases/*/libraries; do
            [ "$(basename "$(readlink "$libraries")")" != "$(basename "$folder")" ] || used=yes
        done
        [ -n "$used" ] || rm -rf "$folder"
    done
}

# However this ends, a release that is not whole must not stay.
clean_up() {
    [ -n "$done" ] || [ -z "${release:-}" ] || rm -rf "${top:?}/$release"
}

check_machine
trap clean_up EXIT
trap 'exit 130' INT TERM
old=$(readlink "$link" || true)
build_environment
build_release
put_settings

if [ -z "$old" ]; then
    switch_to "$release"
    restart || say "warning: the station did not start: journalctl -u latentfm" >&2
    done=yes
    [ -n "$root" ] || examine "$release" || say "warning: the doctor found what is named above" >&2
    say "installed; start it with: systemctl enable --now latentfm"
    exit 0
fi
if ! examine "$release" && [ "${FORCE:-}" != 1 ]; then
    die "the doctor of the new release found what is named above; the old one stays (FORCE=1 passes over it)"
fi
switch_to "$release"
done=yes
if ! restart; then
    switch_to "$old"
    restart || say "warning: the old release did not start either: journalctl -u latentfm" >&2
    die "the new release did not start (journalctl -u latentfm); the station is back on $old"
fi
prune
say "upgraded from $old to $release; the old one stays beside it"
