#!/bin/sh
# Write the units into a folder: latentfm.service, and latentfm@.service, which is made of it, for several stations on
# one machine. PREFIX and ETC are as in places.sh.
#
#   scripts/units.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
. scripts/places.sh

folder=${1:?usage: scripts/units.sh FOLDER}
mkdir -p "$folder"
sed -e "s|/opt/latentfm|$prefix|g" -e "s|/etc/latentfm|$etc|g" systemd/latentfm.service >"$folder/latentfm.service"

# Each station has settings, state, cache and password of its own. The folders stand beside those of latentfm.service,
# not in them: each of its users must be able to keep the others out.
sed -e 's|^# Latent FM as a service\.|# A further Latent FM: systemctl enable --now latentfm@NAME plays NAME.toml.|' \
    -e 's|journalctl -u latentfm|&@NAME|' \
    -e 's|systemctl edit latentfm|&@NAME|' \
    -e 's|^Description=.*|& (%i)|' \
    -e "s|$etc/config\\.toml|$etc/%i.toml|" \
    -e 's|^\([A-Z][a-z]*Directory=latentfm\)$|\1-%i|' \
    -e 's|/var/lib/latentfm|&-%i|g' \
    -e 's|/var/cache/latentfm|&-%i|g' \
    -e 's|credentials/icecast$|&-%i|' \
    "$folder/latentfm.service" >"$folder/latentfm@.service"
