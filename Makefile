# Latent FM. `make run` plays; `make help` lists the rest.
#
# Settings: PYTHON (python3) and VENV (.venv) choose the interpreter and the environment; ARGS goes to the command.

VENV ?= .venv
ARGS ?=
export VENV
bin := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run setup setup-test test lint format bench figures hours sound timbres listen evening faults week soak mutations models parity instruments levels takes lock install upgrade uninstall clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

run: setup  ## install what is missing and start the station at http://localhost:8010/
	@exec $(bin)/latentfm run $(ARGS)

setup:  ## install what playing needs: system libraries, .venv, locked packages
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test
	@$(if $(TRAIN),scripts/setup.sh train)

test: lint  ## lint and run every test (TRAIN=1: those of the trainers too; ARGS goes to pytest)
	@exec $(bin)/python -m pytest $(ARGS)

lint: setup-test  ## check style and types
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy

format: setup-test  ## write the code in the project's format
	@$(bin)/ruff check --fix --quiet . || true
	@$(bin)/ruff format .

bench: setup  ## measure speed, time to first sound and memory (ORACLE=its environment: beside the original Magenta)
	@$(if $(ORACLE),scripts/setup.sh train)
	@exec $(bin)/python $(if $(ORACLE),scripts/bench_magenta.py --oracle $(ORACLE),scripts/bench.py) $(ARGS)

figures: setup  ## measure 100 sections of each mood into docs/figures (half an hour; ARGS names moods)
	@exec $(bin)/python scripts/figures.py $(ARGS)

hours: setup  ## make an hour of each mood, unpaced, and measure it into docs/hours.md (minutes; ARGS names moods)
	@exec $(bin)/python scripts/hours.py $(ARGS)

sound: setup  ## render ten sections of each mood and measure them into docs/moods.md (minutes; ARGS=--seeds=N)
	@exec $(bin)/python scripts/sound.py $(ARGS)

timbres: setup  ## measure what blends sound like (ARGS=--write: docs/timbres.md; minutes)
	@exec $(bin)/python scripts/timbres.py $(ARGS)

listen: setup-test  ## record five minutes of a running station and judge them (docs/listening.md)
	@exec $(bin)/python scripts/listen.py $(ARGS)

evening: setup-test  ## run four moods in 20 minutes with listeners, and time each change (ARGS=--write: docs/evening.md)
	@exec $(bin)/python scripts/evening.py $(ARGS)

faults: setup-test  ## make every fault on purpose, in its long form (half an hour; ARGS=--write: docs/faults.md)
	@exec $(bin)/python scripts/faults.py $(ARGS)

soak: setup-test  ## run a station in real time for HOURS (1), listen, measure and judge it (docs/soak.md)
	@exec $(bin)/python scripts/soak.py --hours $(or $(HOURS),1) $(ARGS)

mutations: setup-test  ## break what keeps the station on air, in a copy, and see which test notices (ARGS=--write)
	@exec $(bin)/python scripts/mutations.py $(ARGS)
week: setup-test  ## simulate weeks of faults, and hours with real sound (docs/week.md; ARGS=--write writes it; minutes)
	@exec $(bin)/python scripts/week.py $(ARGS)

models:  ## train the models that ship, from the sources, resumable (hours)
	@scripts/setup.sh train
	@exec $(bin)/python -m latentfm.training $(ARGS)

parity:  ## compare the engine with the original Magenta (ORACLE=its environment; ARGS=--write: docs/parity.md)
	@test -n "$(ORACLE)" || { echo "name the environment with Magenta 2.1.4: make parity ORACLE=DIR" >&2; exit 2; }
	@scripts/setup.sh train
	@exec $(bin)/python scripts/parity.py --oracle $(ORACLE) $(ARGS)

instruments: setup  ## make the blended instruments that ship, those that the playlists ask for (minutes)
	@$(bin)/python scripts/instruments.py
	@exec $(bin)/python scripts/calibrate.py

levels: setup  ## measure how loud each program is that ships (a minute)
	@exec $(bin)/python scripts/calibrate.py

takes: setup  ## make the takes that ship anew, two of each mood (minutes; ARGS names moods)
	@exec $(bin)/python scripts/takes.py $(ARGS)

lock:  ## write the hashed locks anew (ARGS=--upgrade: with the newest releases)
	@scripts/lock.sh $(ARGS)

install:  ## install as a systemd service (as root; docs/service.md; DESTDIR and PREFIX say where)
	@scripts/install.sh install

upgrade:  ## install a new release beside the one that runs, examine it, switch to it, or go back
	@scripts/install.sh upgrade

uninstall:  ## remove what was installed, not settings and state (PURGE=1: those as well)
	@scripts/uninstall.sh

clean:  ## remove the environment and caches (trainings under build/ stay)
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find daemon tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
