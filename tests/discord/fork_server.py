"""Starts `lianju` in processes that have imported it already, which takes most of a start.

The first argument is the number of a socket. Each message on it asks for a process: its arguments,
environment and working folder as JSON, and its standard input, output and error. The pid of the
process and later its exit status are written, a line each, to a fourth file. The server ends when
the other end of the socket is closed.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import aiosqlite
import alembic.command
import lianju.bot.cogs
import lianju.bot.serve
from lianju.bot import cli

IMPORTED = (aiosqlite, alembic.command, lianju.bot.cogs, lianju.bot.serve)
MESSAGE_BYTES = 1 << 20


def next_start(control: socket.socket) -> list[str]:
    """Returns in each new process, which is set up by then, with its arguments."""
    while True:
        message, handles, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 4)
        if not message:
            sys.exit()
        if os.fork() == 0:  # a process that waits for the one that is asked for
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            pid = os.fork()
            if pid == 0:
                return _set_up(handles, *json.loads(message))
            _watch(pid, handles)
        for each in handles:
            os.close(each)


def _set_up(
    handles: Sequence[int], arguments: list[str], environment: dict[str, str], folder: str
) -> list[str]:
    for number, each in enumerate(handles):
        if number < 3:
            os.dup2(each, number)
        os.close(each)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    return arguments


def _watch(pid: int, handles: Sequence[int]) -> NoReturn:
    *others, report = handles
    for each in others:
        os.close(each)
    os.write(report, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    assert "onnxruntime" not in sys.modules  # it starts threads, and reads the environment
    assert len([*Path("/proc/self/task").iterdir()]) == 1  # of several a fork would have one
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    gc.freeze()
    sys.exit(cli.main(next_start(socket.socket(fileno=int(sys.argv[1])))))
