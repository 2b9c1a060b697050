#!/bin/sh
# Remove what install.sh has installed. Settings and state stay, unless PURGE=1: then they go as well, those of further
# stations (latentfm@NAME) too. Places: places.sh.
set -eu
cd "$(dirname "$0")/.."
. scripts/places.sh

top=$root$prefix

[ -L "$top/current" ] || [ -e "$root$units/latentfm.service" ] || [ "${PURGE:-}" = 1 ] ||
    die "nothing is installed in $top"
[ ! -e "$top" ] || [ -w "$top" ] || die "$top can't be written: sudo make uninstall"

if systemd_runs; then
    for unit in $(systemctl list-units --all --plain --no-legend 'latentfm.service' 'latentfm@*.service' |
        awk '{ print $1 }'); do
        systemctl disable --now "$unit" || say "warning: $unit could not be stopped" >&2
    done
else
    say "systemd does not run here: nothing was stopped"
fi
rm -f "$root$units/latentfm.service" "$root$units/latentfm@.service"
! systemd_runs || systemctl daemon-reload
if [ "$(readlink "$root$bin/latentfm" || true)" = "$prefix/current/bin/latentfm" ]; then
    rm -f "$root$bin/latentfm"
fi
rm -rf "$top/releases" "$top/environments" "$top/current"
[ ! -d "$top" ] || rmdir "$top" 2>/dev/null || say "$top has files that are not ours; it stays"

if [ "${PURGE:-}" = 1 ]; then
    # systemd keeps the folders of services without a fixed user in `private`, with links to them beside it.
    for folder in "$state" "$cache"; do
        parent=$root$(dirname "$folder") name=$(basename "$folder")
        rm -rf "$parent/${name:?}" "$parent/private/$name" "$parent/$name"-* "$parent/private/$name"-*
    done
    rm -rf "$root$etc"
    say "removed, with settings and state"
else
    say "removed; settings stay in $root$etc, state in $root$state (PURGE=1 removes them too)"
fi
