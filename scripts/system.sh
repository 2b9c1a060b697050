#!/bin/sh
# Install what the station needs from the system, with apt. Must be root.
#
#   scripts/system.sh run            what playing needs: FluidSynth, its SoundFont, PortAudio, Python's venv
#   scripts/system.sh test           and what the tests need: Icecast, Chromium, ffmpeg, PulseAudio, shellcheck,
#                                  systemd-analyze, Liquidsoap, promtool
#   scripts/system.sh missing KIND   only print what is missing, one package a line
#
# PYTHON names the interpreter that the station will use (python3).
set -eu

python=${PYTHON:-python3}

die() {
    echo "latentfm: $*" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Ubuntu has Chromium under another name (and as a snap).
chromium_packages() {
    if [ "$(apt_candidate chromium)" = none ] && [ "$(apt_candidate chromium-browser)" != none ]; then
        echo chromium-browser
        echo chromium-chromedriver
    else
        echo chromium
        echo chromium-driver
    fi
}

apt_candidate() {
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    case $candidate in
        '' | '(none)') echo none ;;
        *) echo "$candidate" ;;
    esac
}

# Debian's Python comes without ensurepip; Pythons from elsewhere have it, and need no package for it.
venv_package() {
    case $("$python" -c 'import sys; print(sys.executable)') in
        /usr/bin/*) "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])' ;;
        *) die "this Python has no ensurepip, so no .venv can be made with it: $python" ;;
    esac
}

fluidsynth_is_there() {
    "$python" -c 'import ctypes; ctypes.CDLL("libfluidsynth.so.3")' 2>/dev/null
}

portaudio_is_there() {
    "$python" -c 'import ctypes; ctypes.CDLL("libportaudio.so.2")' 2>/dev/null
}

alsa_reaches_pulse() {
    [ -n "$(find /usr/lib/*/alsa-lib -name libasound_module_pcm_pulse.so 2>/dev/null)" ]
}

missing() {
    "$python" -c 'import ensurepip' 2>/dev/null || venv_package
    fluidsynth_is_there || echo libfluidsynth3
    portaudio_is_there || echo libportaudio2
    [ -e /usr/share/sounds/sf2/FluidR3_GM.sf2 ] || echo fluid-soundfont-gm
    if [ "$1" = test ]; then
        has icecast2 || echo icecast2
        has ffmpeg || echo ffmpeg
        has pulseaudio || echo pulseaudio
        has parec || echo pulseaudio-utils
        alsa_reaches_pulse || echo libasound2-plugins
        has liquidsoap || echo liquidsoap
        has promtool || echo prometheus
        has shellcheck || echo shellcheck
        has systemd-analyze || echo systemd
        if ! has chromedriver || ! { has chromium || has chromium-browser; }; then
            chromium_packages
        fi
    fi
}

# Packages start their servers when they are installed, unless this file says no.
forbid_services() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        trap 'exit 130' INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
}

# The tests start servers of their own, on loopback; the system's must not run, now or after the next boot.
keep_off() {
    if has update-rc.d && [ -e "/etc/init.d/$1" ]; then
        update-rc.d "$1" disable >/dev/null 2>&1 || true
    fi
    if has systemctl; then
        systemctl disable "$1.service" >/dev/null 2>&1 || true
    fi
}

install() {
    packages=$(missing "$1")
    [ -n "$packages" ] || return 0
    [ "$(id -u)" = 0 ] || die "installing needs root: sudo $0 $1"
    has apt-get || die "no apt here; install the equivalents of: $(echo "$packages" | tr '\n' ' ')"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update
    packages=$(missing "$1") # apt may know more names now
    forbid_services
    servers=$(echo "$packages" | grep -Ex 'icecast2|liquidsoap|prometheus') || servers=
    if [ -n "$servers" ] && has debconf-set-selections; then
        echo 'icecast2 icecast2/icecast-setup boolean false' | debconf-set-selections
    fi
    # shellcheck disable=SC2086 # one word a package
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
        install --no-install-recommends $packages </dev/null
    for server in $servers; do
        keep_off "$server"
    done
    left=$(missing "$1")
    [ -z "$left" ] || die "still missing after installing: $(echo "$left" | tr '\n' ' ')"
}

case "${1:-} ${2:-}" in
    'run ' | 'test ') install "$1" ;;
    'missing run' | 'missing test') missing "$2" ;;
    *)
        sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
