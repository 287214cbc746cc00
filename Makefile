# sfn-operator: build, run, check. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where what is built once is kept: Kubernetes, Helm, images, cargo-deny, and the clusters' data.
SFN_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sfn-operator
export SFN_CACHE

CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(SFN_CACHE)/programs/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny
CARGO_FUZZ_VERSION := 0.13.2
CARGO_FUZZ := $(SFN_CACHE)/programs/cargo-fuzz-$(CARGO_FUZZ_VERSION)/bin/cargo-fuzz
cluster := tests/cluster/cluster
# Tests are built as part of the workspace: a package by itself has dependencies with other features, built once more.
cargo_test := cargo test --locked --workspace
sfn := $(or $(CARGO_TARGET_DIR),target)/debug/sfn
# Set PATH (kubectl, helm), and KUBECONFIG too, for the cluster in use.
use_clients := lines=$$($(cluster) clients); eval "$$lines"
use_cluster := lines=$$($(cluster) env); eval "$$lines"

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " }
	  /^##@/ { printf "\n%s\n", substr($$0, 5) }
	  /^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	cat tests/cluster/variables.txt

##@ Local cluster

.PHONY: cluster
cluster: ## Boot the local cluster; builds what is missing (about 10 minutes the first time, then seconds)
	@$(cluster) up

.PHONY: cluster-down
cluster-down: ## Remove the local cluster
	@$(cluster) down

.PHONY: cluster-status
cluster-status: ## How the cluster's components are
	@$(cluster) status

.PHONY: cluster-check
cluster-check: ## Check the cluster scripts themselves: two side by side, nothing left behind
	@tests/cluster/check

##@ Build

.PHONY: binary
binary: ## The static sfn binary and all else that deploy/Dockerfile needs, in target/image
	@deploy/build-binary

.PHONY: image
image: ## The operator's image, in the registry of the cluster in use
	@deploy/build-image

.PHONY: crds
crds: ## Write crds/ from src/crd, the chart's copy and deploy/install.yaml
	@$(use_clients)
	$(cargo_test) --quiet --test cli --no-run
	$(sfn) crds --output-dir crds
	cp crds/*.yaml charts/sfn-operator/files/crds/
	deploy/render

.PHONY: demo
demo: ## From nothing to a finished execution: cluster, image, helm install, the blog's workflow
	@deploy/demo

##@ Checks

.PHONY: test
test: ## All that must hold: the parts that .ci/test lists, on a cluster of its own
	@.ci/test

.PHONY: fmt
fmt: ## Format the code
	@cargo fmt --all

.PHONY: fmt-check
fmt-check: ## Is the code formatted?
	@cargo fmt --all --check

.PHONY: clippy
clippy: ## Lints, denied as the workspace says
	@cargo clippy --workspace --all-targets --locked -- -D warnings

$(CARGO_DENY):
	@echo "cargo-deny $(CARGO_DENY_VERSION): building it once (some minutes)"
	cargo install --quiet --locked --root "$(SFN_CACHE)/programs/cargo-deny-$(CARGO_DENY_VERSION)" cargo-deny@$(CARGO_DENY_VERSION)

.PHONY: deny
deny: $(CARGO_DENY) ## Licences, sources, bans and (where the database can be fetched) advisories of the dependencies
	@"$<" --locked check bans licenses sources
	if timeout 60 "$<" --locked fetch db >/dev/null 2>&1; then
	  "$<" --locked check advisories
	else
	  echo "advisories NOT checked: the RustSec database cannot be fetched from here" >&2
	fi

.PHONY: unit
unit: ## Unit and core tests, without a cluster
	@$(cargo_test) --exclude integration --exclude e2e

.PHONY: crds-check
crds-check: ## Are crds/ and the chart's copy what src/crd says?
	@fresh=$$(mktemp -d)
	trap 'rm -rf "$$fresh"' EXIT
	$(cargo_test) --quiet --test cli --no-run
	$(sfn) crds --output-dir "$$fresh" 2>/dev/null
	for there in crds charts/sfn-operator/files/crds; do
	  diff -r "$$there" "$$fresh" || { echo "error: $$there differs from src/crd: run make crds" >&2; exit 1; }
	done

.PHONY: chart-lint
chart-lint: ## Does the chart render what it should, and is deploy/install.yaml of it?
	@$(use_clients)
	tests/chart/check
	fresh=$$(mktemp -d)
	trap 'rm -rf "$$fresh"' EXIT
	mkdir "$$fresh/deploy"
	cp -r charts "$$fresh/"
	cp deploy/render "$$fresh/deploy/"
	"$$fresh/deploy/render"
	diff "$$fresh/deploy/install.yaml" deploy/install.yaml || { echo "error: deploy/install.yaml differs from the chart: run deploy/render" >&2; exit 1; }

.PHONY: conformance
conformance: ## Cases recorded from AWS (CORPUS=<folder>; LIST=1 names failures, CASE=<id> shows one) through the library
	@cargo run --quiet --locked -p conformance -- run $(if $(LIST),--list) $(if $(CASE),--case "$(CASE)")

.PHONY: jsonata-suite
jsonata-suite: ## The official JSONata suite through the library
	@cargo test --locked -p asl --test jsonata_suite -- --nocapture

$(CARGO_FUZZ):
	@echo "cargo-fuzz $(CARGO_FUZZ_VERSION): building it once"
	cargo install --quiet --locked --root "$(SFN_CACHE)/programs/cargo-fuzz-$(CARGO_FUZZ_VERSION)" cargo-fuzz@$(CARGO_FUZZ_VERSION)

.PHONY: fuzz
fuzz: SECONDS := 60
fuzz: TARGETS := definition machine checkpoint jsonpath intrinsic jsonata
fuzz: $(CARGO_FUZZ) ## Texts, data and checkpoints that nobody would write (SECONDS=<of each>, TARGETS=<some>)
	@for target in $(TARGETS); do
	  CARGO_FUZZ="$<" tests/fuzz/run "$$target" "$(SECONDS)"
	done

.PHONY: bench
bench: ## Benchmarks (WORKLOADS=<folder>), and how they stand to their goals
	@cargo bench --locked -p bench

.PHONY: bench-cluster
bench-cluster: ## Speed and scale on a cluster (ARGUMENTS=--help tells more), and how they stand to their goals
	@tests/bench-cluster/run $(ARGUMENTS)

.PHONY: integration
integration: cluster ## Single crates against the cluster in use
	@$(use_cluster)
	$(cargo_test) --test tasks
	$(cargo_test) --test cli cluster

.PHONY: e2e
e2e: cluster ## End-to-end tests: the operator, helm-installed into the cluster in use
	@tests/e2e/run

.PHONY: chaos
chaos: cluster ## Rounds of faults (ROUNDS=20 SEED=s ROUND=r) in the cluster in use: the operator killed, its requests cut
	@tests/chaos/run --rounds $(or $(ROUNDS),20) $(addprefix --seed ,$(SEED)) $(addprefix --round ,$(ROUND))
