# The targets of daily work. CI calls the same ones, and each sets up what it needs inside this checkout.
# A machine must bring a Rust toolchain, Python 3.10 or later, make and a C compiler (and a C++ compiler for `fuzz`).

PYTHON ?= python3
# Which instruction set `build` and `deploy` are for; it must be the stack's parameter Architecture.
ARCH ?= arm64
# Which stack in the AWS account `deploy` makes or renews.
STACK ?= session-bridge
# Which appliance of the local system `replay` posts for.
APPLIANCE ?= default

LOCAL := $(PYTHON) infra/local
SYSTEM := $(LOCAL)/system.py
# The test system is beside the one a person works with, knows many appliances, and waits a hundredth of the time.
TEST_NAME ?= test
TEST_SETTINGS := --appliances 50 --worker-timeout 20 --visibility 30 --retry-pace 1 --log-level debug
# Which tests `test` runs, as cargo is told: TESTS='-p worker --test wire' for a part.
TESTS ?= --workspace
# The system that `prove` kills processes of; a short worker time-out, so that what a kill leaves undone is not waited for.
PROOF_NAME ?= proof
PROOF_SETTINGS := --appliances 10 --worker-timeout 10 --visibility 12 --retry-pace 1
WITH_TOOLS := PATH="$(CURDIR)/.tools/sam/bin:$(CURDIR)/.tools/cargo-deny/bin:$$PATH" SAM_CLI_TELEMETRY=0
# Runs what follows with a local system of that name and these settings, which is stopped afterwards, whatever happens.
with_system = trap 'exit 130' INT TERM; trap '$(SYSTEM) --name $(1) down' EXIT; \
	$(SYSTEM) --name $(1) up $(2) && SESSION_BRIDGE_SYSTEM="$(CURDIR)/.local/$(1)/system.json"

.DEFAULT_GOAL := help
.PHONY: help demo up down replay watch unit test check prove simulate fuzz mutants bench size audit build deploy
.PHONY: operator install-operator operator-env

help: ## List the targets
	@echo "Session Bridge: make <target>"
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Try it

demo: ## Show the main job: a sample session end becomes a note and a time entry, exactly once
	@$(LOCAL)/demo.py

up: ## Start the local system, or bring it to what the checkout says now, and leave it running
	@$(SYSTEM) up

down: ## Stop the local system
	@$(SYSTEM) down

replay: ## Post a sample: EVENT=events/<file>, to the local system or to URL=<outbound event URL with its token>
	@$(if $(EVENT),,echo "Name a sample: make replay EVENT=events/outbound/support_conference_end.form (events/README.md lists them)"; exit 1;) \
		$(LOCAL)/replay.py "$(EVENT)" --appliance "$(APPLIANCE)" $(if $(URL),--url '$(URL)')

##@ Operate it

# As for tests and not for the cloud: it is there in a minute, and waits for the network anyway.
operator: ## Build the operator's program, target/debug/session-bridge (docs/operator.md)
	@cargo build --quiet --locked -p operator

# Without the optimisation across crates that the functions are worth: minutes less.
install-operator: ## Install the operator's program, session-bridge, where cargo puts programs (~/.cargo/bin)
	@CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo install --quiet --locked --path operator

operator-env: ## Print what leads the operator's program to the local system, for a shell to evaluate (docs/operator.md)
	@$(SYSTEM) env

##@ Change it

unit: ## Run the tests that need no local system, in about a minute once they are built
	@SESSION_BRIDGE_SYSTEM=none cargo test --workspace --no-fail-fast

watch: ## Build the functions at each change, for `cargo lambda invoke` with a sample, beside the local system (README.md)
	@$(LOCAL)/watch.py

# Most tests wait for the local system rather than for a processor.
test: export RUST_TEST_THREADS ?= 12
test: ## Run the whole test suite, end to end on the real stack included: TESTS='-p worker --test wire' for a part
	@$(call with_system,$(TEST_NAME),$(TEST_SETTINGS)) cargo test $(TESTS) --no-fail-fast

check: ## Check formatting, lints, docs, licences and the template
	@$(LOCAL)/tools.py ensure sam cargo-deny
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	@$(WITH_TOOLS) cargo deny --workspace check bans licenses sources
	@$(WITH_TOOLS) sam validate --lint --region eu-central-1 --template-file infra/template.yaml

##@ Prove it and measure it

prove: ## Prove what takes minutes (8 in all): killed processes, a burst, a backlog (docs/reliability.md)
	@$(call with_system,$(PROOF_NAME),$(PROOF_SETTINGS)) cargo test -p proof -- --ignored --nocapture --test-threads=1

# How many schedules `simulate` tries.
SEEDS ?= 1000000

# Built for speed of building and running, not for size as the functions are.
simulate: ## Try SEEDS=<n> schedules of crashes, lost answers and delays on the delivery (docs/simulation.md)
	@CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=3 \
		cargo run --release --quiet -p delivery --example simulate -- --seeds $(SEEDS)

# How long `fuzz` tries each target, and which alone is wanted (all, if empty).
SECONDS ?= 60
TARGET ?=

fuzz: ## Try to break the readers of foreign bytes: SECONDS=<n> each, TARGET=<name> for one (docs/reliability.md)
	@$(LOCAL)/tools.py ensure cargo-fuzz
	@PATH="$(CURDIR)/.tools/cargo-fuzz/bin:$$PATH" cargo run --quiet -p fuzz -- --seconds $(SECONDS) $(if $(TARGET),--target $(TARGET))

# Which files `mutants` changes (all of the delivery, if empty), and which part of that: SHARD=0/8 to SHARD=7/8 are the whole.
FILE ?=
SHARD ?=
# What decides what is written, once and only once.
DELIVERY := shared/delivery/src

mutants: ## See whether tests notice each change to the delivery: FILE=waits.rs, SHARD=<k>/<n> for a part (docs/reliability.md)
	@$(LOCAL)/tools.py ensure cargo-mutants
	@PATH="$(CURDIR)/.tools/cargo-mutants/bin:$$PATH" CARGO_TARGET_DIR="$(CURDIR)/target/mutants" \
		cargo mutants --output .local/mutants \
		--file '$(DELIVERY)/$(if $(FILE),$(FILE),**/*.rs)' $(if $(SHARD),--shard $(SHARD))

# How many turns each contestant of `bench` has, and which table alone is wanted (all, if empty).
ROUNDS ?= 5
ONLY ?=

# One cargo for each function: built together, they would share features that they do not have in the cloud.
bench: ## Measure speed, size and cost: ROUNDS=<turns>, ONLY=receiver (or another table); some minutes on a machine at rest
	@$(LOCAL)/tools.py ensure rivals
	@for package in receiver worker benchmark-hello benchmark; do cargo build --release --quiet -p $$package || exit 1; done
	@cargo build --release --quiet -p simulators
	@cargo run --release --quiet -p benchmark -- --rounds $(ROUNDS) $(if $(ONLY),--only $(ONLY))

size: ## Show how large the functions are, and what their largest parts are
	@for package in receiver worker benchmark; do cargo build --release --quiet -p $$package || exit 1; done; \
		for table in size parts; do cargo run --release --quiet -p benchmark -- --only $$table || exit 1; done

##@ Release it

audit: ## Look for known vulnerabilities and withdrawn packages (needs the advisory database from the internet)
	@$(LOCAL)/tools.py ensure cargo-deny
	@$(WITH_TOOLS) cargo deny --workspace check advisories

# `sam build` has no way to say --locked; the first line fails where it would, before anything is built.
build: ## Build the functions for the cloud: ARCH=arm64 (or x86_64)
	@$(LOCAL)/tools.py ensure sam
	@cargo metadata --locked --format-version 1 > /dev/null
	@$(WITH_TOOLS) sam build --template-file infra/template.yaml --parameter-overrides Architecture=$(ARCH)

deploy: ## Deploy what was built into your AWS account; asks for the settings the first time
	@$(LOCAL)/tools.py ensure sam
	@$(PYTHON) infra/deploy.py --architecture $(ARCH) --stack $(STACK)
