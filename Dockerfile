# Latent FM in a container: docs/container.md; with an Icecast beside it: compose.yaml.
#   docker build -t latentfm .
#   docker run --read-only --tmpfs /tmp -p 8010:8010 -v latentfm:/var/lib/latentfm latentfm
# Speakers of the host: --device /dev/snd --group-add audio
FROM debian:trixie-slim AS build
# Versions are not pinned: the distribution mends its packages, and keeps no older ones.
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
RUN python3 -m venv /opt/latentfm/venv
COPY requirements.lock ./
RUN /opt/latentfm/venv/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements.lock
COPY . .
RUN /opt/latentfm/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/latentfm/venv/bin/python -m compileall -q /opt/latentfm/venv/lib

FROM debian:trixie-slim
# Versions are not pinned: the distribution mends its packages, and keeps no older ones.
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates fluid-soundfont-gm libfluidsynth3 libportaudio2 python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 990 --home-dir /var/lib/latentfm --create-home latentfm
COPY --from=build /opt/latentfm/venv /opt/latentfm/venv
COPY config.toml /etc/latentfm/config.toml
COPY playlists /etc/latentfm/playlists
COPY LICENSE NOTICE README.md /opt/latentfm/
# A number, as orchestrators that refuse root can read no name.
USER 990
# The root may be read-only: what libraries want to cache goes to /tmp, which is then a tmpfs.
ENV PATH=/opt/latentfm/venv/bin:/usr/bin:/bin \
    LATENTFM_WEB__HOST=0.0.0.0 \
    LATENTFM_STATION__STATE_DIR=/var/lib/latentfm \
    MPLCONFIGDIR=/tmp NUMBA_CACHE_DIR=/tmp \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
VOLUME /var/lib/latentfm
EXPOSE 8010
STOPSIGNAL SIGTERM
# Healthy is a station that is heard: /readyz answers 503 while what leaves is silent and should not be.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8010/readyz', timeout=4)"]
ENTRYPOINT ["tini", "--", "latentfm"]
CMD ["run", "--config", "/etc/latentfm/config.toml"]
