#!/bin/sh
# Install Latent FM as a systemd service, from this checkout. Must be root; may be repeated to update.
#
# PREFIX (/opt/latentfm) gets the environment, /etc/latentfm the configuration and the playlists: what is there already
# stays as it is.
set -eu
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/opt/latentfm}
python=${PYTHON:-python3}
etc=/etc/latentfm

if [ "$(id -u)" != 0 ]; then
    echo "latentfm: installing needs root: sudo make install" >&2
    exit 1
fi
PYTHON=$python scripts/system.sh run

echo "latentfm: installing to $prefix"
install -d "$prefix" "$etc" "$etc/playlists" "$etc/playlists/themes"
install -d -m 700 "$etc/credentials"
[ -x "$prefix/venv/bin/python" ] || "$python" -m venv "$prefix/venv"
"$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
    --only-binary :all: --require-hashes -r requirements.lock
"$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
    --no-build-isolation --force-reinstall .
install -m 644 README.md LICENSE NOTICE "$prefix"

[ -e "$etc/config.toml" ] || install -m 644 config.toml "$etc/config.toml"
for mood in playlists/*.toml playlists/themes/*; do
    [ -e "$etc/$mood" ] || install -m 644 "$mood" "$etc/$mood"
done
# systemd wants the credential's file to be there; the station reads it only if an output names it.
[ -e "$etc/credentials/icecast" ] || install -m 600 /dev/null "$etc/credentials/icecast"
install -d /etc/systemd/system
sed "s|/opt/latentfm|$prefix|g" systemd/latentfm.service >/etc/systemd/system/latentfm.service

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart latentfm.service
fi
echo "latentfm: start it with: systemctl enable --now latentfm"
