# Latent FM in a container: docker build -t latentfm . && docker run -p 8010:8010 -v latentfm:/var/lib/latentfm latentfm
FROM debian:trixie-slim AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
RUN python3 -m venv /opt/latentfm/venv
COPY requirements.lock ./
RUN /opt/latentfm/venv/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements.lock
COPY . .
RUN /opt/latentfm/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM debian:trixie-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates fluid-soundfont-gm libfluidsynth3 libportaudio2 python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/latentfm --create-home latentfm
COPY --from=build /opt/latentfm/venv /opt/latentfm/venv
COPY config.toml /etc/latentfm/config.toml
COPY playlists /etc/latentfm/playlists
COPY LICENSE NOTICE README.md /opt/latentfm/
USER latentfm
ENV LATENTFM_WEB__HOST=0.0.0.0 LATENTFM_STATION__STATE_DIR=/var/lib/latentfm PYTHONUNBUFFERED=1
VOLUME /var/lib/latentfm
EXPOSE 8010
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "/opt/latentfm/venv/bin/latentfm"]
CMD ["run", "--config", "/etc/latentfm/config.toml"]
