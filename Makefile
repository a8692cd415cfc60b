# Each target does its own set-up: a virtual environment in .venv from locked, hashed versions.
PYTHON ?= python3
RUN := .venv/bin

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.PHONY: demo
demo: .venv/ready  ## raw sample articles to one story, through a real Kafka broker
	$(RUN)/newsloom demo

.PHONY: test
test: .venv/ready  ## every test: those that need nothing, on all cores; then those with a broker, which mostly wait
	$(RUN)/python -m pytest -m "not kafka and not docker" -n auto; alone=$$?; \
	$(RUN)/python -m pytest -m kafka -n 3 --dist loadfile --no-loadscope-reorder && exit $$alone

.PHONY: test-docker
test-docker: .venv/ready  ## docker-compose.yml under kills; needs an engine and `deploy/images.sh`
	$(RUN)/python -m pytest -m docker

.PHONY: chaos
chaos: .venv/ready  ## the fault matrix: every row, 12,000 documents each
	$(RUN)/newsloom chaos --ids 12000

.PHONY: lint
lint: .venv/ready  ## style, types, layers, contracts
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/python -m schemas.registry --check

.venv-bench/ready: requirements-bench.lock pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.PHONY: bench
bench: .venv-bench/ready  ## what the engine costs, beside a bare pool and two other engines (ten minutes)
	.venv-bench/bin/python -m tests.bench.engine $(OPTIONS)

.PHONY: format
format: .venv/ready
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

.PHONY: schemas
schemas: .venv/ready  ## write the JSON Schemas anew from the models
	$(RUN)/python -m schemas.registry

.PHONY: lock
lock:  ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --generate-hashes --no-emit-index-url --no-header --upgrade -q -o requirements.lock
	uv pip compile pyproject.toml -c requirements.lock --extra otel --generate-hashes --no-emit-index-url --no-header -q -o deploy/requirements.lock
	cp requirements.lock requirements-bench.lock  # its versions are kept wherever quixstreams allows
	uv pip compile pyproject.toml --all-extras --group dev --group bench --generate-hashes --no-emit-index-url --no-header -q -o requirements-bench.lock
