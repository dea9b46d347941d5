"""The command line `zcgl`: run, worker, migrate, seed, doctor, sms-templates, demo. Each loads only what it needs."""

# ruff: noqa: PLC0415 - a sub-command imports when it runs: `zcgl run` starts fast

import argparse
import asyncio
import sys
from collections.abc import Callable

from server.run.configuration import WrongSettings, load_settings


def main(arguments: list[str] | None = None) -> None:
    chosen = _parser().parse_args(arguments)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        code = chosen.command(chosen)
    except WrongSettings as wrong:
        _fail("设置有误，没有启动：", *wrong.faults)
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(_: argparse.Namespace) -> int:
    from server.run.service import CannotStart, run_service

    try:
        return run_service(load_settings(), print)
    except CannotStart as reason:
        _fail(str(reason))
        return 1


def _worker(_: argparse.Namespace) -> int:
    from server.run.worker import main as work

    work()
    return 0


def _migrate(options: argparse.Namespace) -> int:
    from server.run.preparation import migrate, orm_of
    from server.run.schema import unwritten_changes

    chosen = load_settings()
    if options.check:
        changes = asyncio.run(unwritten_changes(orm_of(chosen)))
        if changes:
            _fail("模型有改动还没有迁移文件（tortoise makemigrations）：", *changes)
        return 1 if changes else 0
    applied = asyncio.run(migrate(chosen))
    print(f"数据库已升级：{'、'.join(applied)}" if applied else "数据库已是最新")
    return 0


def _seed(_: argparse.Namespace) -> int:
    from server.run.preparation import seed

    chosen = load_settings()
    if chosen.is_production:
        _fail("生产环境不写入演示数据")
        return 1
    asyncio.run(seed(chosen))
    print("演示数据已就绪")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from server.run.doctor import Fault, configuration_loads, examine

    if options.configuration:
        try:
            asyncio.run(configuration_loads(load_settings()))
        except Fault as fault:
            _fail(fault.problem, fault.cure)
            return 1
        return 0

    return asyncio.run(examine(print))


def _sms_templates(_: argparse.Namespace) -> int:
    from server.messages.sms_texts import sms_templates

    for template in sms_templates():
        print(f"{template.key}\t{template.text}")
    return 0


def _demo(_: argparse.Namespace) -> int:
    from server.run.demo.story import main as play

    return play()


def _fail(*lines: str) -> None:
    print("\n  ".join(lines), file=sys.stderr)


_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "run": (_run, "启动整个服务"),
    "worker": (_worker, "只启动后台处理进程"),
    "migrate": (_migrate, "升级数据库并保存业务版本"),
    "seed": (_seed, "写入演示数据（重复执行不会改变任何内容）"),
    "doctor": (_doctor, "检查安装与设置，逐条说明故障与解决办法"),
    "sms-templates": (_sms_templates, "列出要在短信服务商处登记的模板：编号与内容"),
    "demo": (_demo, "对运行中的服务演示全流程"),
}


_OPTIONS = {
    "migrate": (("--check", "只检查模型与迁移文件是否一致"),),
    "doctor": (("--configuration", "只检查 config/ 下的文件"),),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zcgl", description="注册管理服务系统")
    commands = parser.add_subparsers(required=True, metavar="命令")
    for name, (command, help_text) in _COMMANDS.items():
        command_parser = commands.add_parser(name, help=help_text, description=help_text)
        command_parser.set_defaults(command=command)
        for option, option_help in _OPTIONS.get(name, ()):
            command_parser.add_argument(option, action="store_true", help=option_help)
    return parser


if __name__ == "__main__":
    main()
