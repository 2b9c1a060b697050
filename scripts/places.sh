# shellcheck shell=sh disable=SC2034 # those who read this file use the names
# Where an installation lies: read by install.sh, uninstall.sh and units.sh.
#
# DESTDIR goes before every path that is written: a root to be packed up, or an empty one to try things in.

root=${DESTDIR:-}
prefix=${PREFIX:-/opt/latentfm}     # releases/, environments/ and the link `current`
etc=${ETC:-/etc/latentfm}           # settings
units=${UNITS:-/etc/systemd/system} # what systemd reads
bin=${BIN:-/usr/local/bin}          # the command
state=${STATE:-/var/lib/latentfm}   # a station's state; systemd makes it
cache=${CACHE:-/var/cache/latentfm}

say() {
    echo "latentfm: $*"
}

die() {
    echo "latentfm: $*" >&2
    exit 1
}

# Whether there is a systemd to talk to: not in a root that is being packed up, nor where another init runs.
systemd_runs() {
    [ -z "$root" ] && command -v systemctl >/dev/null 2>&1 || return 1
    case $(systemctl is-system-running 2>/dev/null || true) in
        '' | offline | unknown) return 1 ;;
    esac
}
