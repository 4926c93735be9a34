# Two commands do everything on a fresh machine: make run, make test.
# A target folder outside the clone is shared between runs when AUTOGLM_TARGET names one.
ifdef AUTOGLM_TARGET
export CARGO_TARGET_DIR := $(AUTOGLM_TARGET)
endif
CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

.PHONY: bench-cluster cluster help setup setup-run web build run demo test test-rust test-web test-browser check-cuda check-graphics test-cuda lint bench dist distill-static ci clean

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install what is missing for tests: PostgreSQL, Redis, Chromium, Node packages
	@deploy/setup.sh test

setup-run:
	@deploy/setup.sh run

web: ## build the page into web/dist
	@deploy/build_web.sh

build: setup-run web ## build the binary with the page inside
	$(CARGO) build --release --bin autoglm

run: build ## start a node on port 8000 with config.yaml
	$(TARGET_DIR)/release/autoglm serve

demo: build ## start a node on its own sources and readers, without any network
	$(TARGET_DIR)/release/autoglm demo

cluster: setup build ## three nodes with PostgreSQL and Redis of their own on this machine, and a live view
	deploy/cluster.sh $(TARGET_DIR)/release/autoglm

test: setup web test-rust test-web test-browser ## everything; says what it skipped
	@deploy/report_skips.sh

test-rust:
	@rm -f $(TARGET_DIR)/autoglm-skips.log
	AUTOGLM_SKIP_LOG=$(abspath $(TARGET_DIR))/autoglm-skips.log $(CARGO) test --workspace --all-targets
	$(CARGO) test --workspace --doc

test-web:
	@deploy/test_web.sh

test-browser:
	@deploy/test_browser.sh

check-cuda: ## that the CUDA build compiles, without CUDA installed; slow at first, then cached
	$(CARGO) check --features cuda --bin autoglm --target-dir $(TARGET_DIR)/cuda
	$(CARGO) check -p autoglm-inference --features cuda --tests --target-dir $(TARGET_DIR)/cuda

check-graphics: ## that the builds for other graphics processors compile
	$(CARGO) check -p autoglm-inference --features vulkan --target-dir $(TARGET_DIR)/cuda
	$(CARGO) check -p autoglm-inference --features rocm --target-dir $(TARGET_DIR)/cuda

test-cuda: ## parity and batching on this machine's NVIDIA devices
	$(CARGO) test -p autoglm-inference --features cuda --test graphics --target-dir $(TARGET_DIR)/cuda -- --nocapture

lint: ## formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench: setup-run web ## the numbers we claim, as tables
	$(CARGO) build --release --workspace --bins
	$(TARGET_DIR)/release/autoglm-bench all

bench-cluster: setup web ## what clusters of one to three nodes do, as a table
	$(CARGO) build --release --workspace --bins
	$(TARGET_DIR)/release/autoglm-bench cluster

dist: setup-run web ## the binary we ship: link-time optimised and stripped
	$(CARGO) build --profile dist --bin autoglm

distill-static: setup build ## make the built-in encoder's table again, in OUT (out-static)
	deploy/distill_static.sh $(TARGET_DIR)/release/autoglm $(or $(OUT),out-static)

ci: lint test ## lints, then everything

clean: ## remove what was built here
	$(CARGO) clean
	rm -rf web/dist web/node_modules
