# 全部命令；make help 列出。PORT= 与 ZCGL_HOME= 见 README。
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE ?=
ifdef PORT
export ZCGL_PORT := $(PORT)
endif

.DEFAULT_GOAL := help
.PHONY: help compiled run demo test lint bench mutate soak cluster rehearse lock clean engines

help:  ## 列出命令
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(VENV)/runtime.stamp compiled  ## 启动服务、后台进程、Valkey 与微信模拟器（首次写入演示数据）
	@exec $(BIN)/zcgl run

demo: $(VENV)/runtime.stamp  ## 对运行中的服务演一遍手册里的故事
	@$(BIN)/zcgl demo

test: $(VENV)/development.stamp engines  ## 运行全部测试
	$(BIN)/python -m pytest -q $(PYTEST)

lint: $(VENV)/development.stamp  ## ruff、mypy、分层约束、迁移、openapi.json、配置
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zcgl migrate --check
	$(BIN)/zcgl doctor --configuration
	$(BIN)/python -m server.run.openapi --check

bench: $(VENV)/development.stamp engines compiled  ## 性能，每一行与同一次运行中的参照并排
	$(BIN)/python -m tests.bench

mutate: $(VENV)/development.stamp  ## 变异测试：规则与服务里的小错误有多少被测试发现，低于 90 % 即失败（GROUPS= 只测几组）
	$(BIN)/python -m tests.mutation $(GROUPS)

soak: $(VENV)/development.stamp engines  ## 故障浸泡：SECONDS= 秒内随机杀死进程，最后核对不变量（KILLS= 至少杀多少次，SEED= 重演）
	$(BIN)/python -m tests.soak $(or $(SECONDS),60) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

cluster: $(VENV)/development.stamp $(VENV)/cluster.stamp  ## Galera、Redis Cluster、S3、nginx 上逐个杀死节点，演示与不变量都须成立
	@tools/engines cluster
	$(BIN)/python -m tests.cluster

rehearse: $(VENV)/development.stamp engines  ## 备份与恢复演练：备份运行中的服务，恢复到别处，逐项核对
	$(BIN)/python -m tests.cluster.rehearsal

compiled: $(VENV)/runtime.stamp  # once here, not at each start of each process, which may be told to write no bytecode
	@$(BIN)/python -m compileall -q config models server miniprogram-api console-api

engines:  ## 安装测试用的 MariaDB 与 Redis（Debian 软件包）
	@tools/engines

lock: $(VENV)/runtime.stamp  ## 重新锁定依赖（不含任何地址）
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 requirements.in -o requirements.lock
	$(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.lock
	$(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 tests/cluster/requirements.in -o tests/cluster/requirements.lock

clean:  ## 删除虚拟环境与缓存，不动数据
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/created.stamp:
	@PYTHON="$(PYTHON)" tools/create-venv $(VENV)
	@touch $@

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(VENV)/created.stamp
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/development.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/cluster.stamp: tests/cluster/requirements.lock | $(VENV)/created.stamp
	@PYTHON="$(PYTHON)" tools/create-venv $(VENV)/cluster
	$(VENV)/cluster/bin/pip install -q --disable-pip-version-check --require-hashes -r tests/cluster/requirements.lock
	@touch $@
