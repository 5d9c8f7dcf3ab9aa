"""Runs Python programs without Python's start-up time: the server imports moto and the AWS CLI once, and forks for each run.

    python fork_server.py SOCKET

A client connects and sends one line of JSON: `argv` (a module or the path of a script, and its arguments), `env`, `cwd`
and, if the client does not pass its standard input, output and error with the line, `log`, the file for the output. The
server responds with one line, the exit status. A program ends when its client hangs up. The server ends when its standard
input does.
"""
import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
import traceback

AT_START = set(os.environ)

import awscli.clidriver
import botocore.exceptions
import botocore.loaders
import cryptography.x509  # noqa: F401
import moto.moto_server.werkzeug_app
import werkzeug.serving  # noqa: F401
from moto.backends import get_backend

MAX_REQUEST_BYTES = 1 << 20
# The environment variables that the imports set. For example, the AWS CLI stores a path in a variable.
SET_BY_IMPORTS = {name: value for name, value in os.environ.items() if name not in AT_START}


def preload():
    """Loads what the programs load when they run: backends, plugins, and the descriptions of AWS's services."""
    for backend in ("iam", "secretsmanager", "sts"):
        get_backend(backend)
    cache_descriptions()
    # This dry run loads modules and files. Its driver keeps the credentials, so the programs get a different driver.
    dry = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.update(dry)
    command = ["secretsmanager", "get-random-password", "--generate-cli-skeleton", "output"]
    with contextlib.redirect_stdout(io.StringIO()):
        awscli.clidriver.create_clidriver().main(command)
    for name in dry:
        del os.environ[name]
    driver = awscli.clidriver.create_clidriver()
    driver.create_help_command()
    for kind in ("service-2", "waiters-2", "paginators-1", "endpoint-rule-set-1"):
        with contextlib.suppress(botocore.exceptions.DataNotFoundError):
            driver.session.get_component("data_loader").load_service_model("secretsmanager", kind)
    awscli.clidriver.create_clidriver = lambda: driver
    # A fork copies each memory page that it writes to. Freezing prevents the garbage collector from writing to every
    # page.
    gc.collect()
    gc.freeze()


def cache_descriptions():
    files = {}
    load_file = botocore.loaders.JSONFileLoader.load_file

    def load_once(self, path):
        if path not in files:
            files[path] = load_file(self, path)
        return files[path]

    botocore.loaders.JSONFileLoader.load_file = load_once


def delay_moto():
    """Delays moto's responses by HALLPASS_TEST_DELAY_MS milliseconds."""
    seconds = int(os.environ.get("HALLPASS_TEST_DELAY_MS") or 0) / 1000
    application = moto.moto_server.werkzeug_app.DomainDispatcherApplication
    respond = application.__call__

    def respond_late(self, environ, start_response):
        time.sleep(seconds)
        return respond(self, environ, start_response)

    if seconds:
        application.__call__ = respond_late


def serve(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(100)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        readable, _, _ = select.select([listener, 0], [], [])
        if 0 in readable:
            os.unlink(path)
            return
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            run_for(client)
        client.close()


def run_for(client):
    """Runs the program of one request. Does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line, streams, _, _ = socket.recv_fds(client, MAX_REQUEST_BYTES, 3)
    while not line.endswith(b"\n"):
        more = client.recv(MAX_REQUEST_BYTES)
        if not more:
            os._exit(1)
        line += more
    request = json.loads(line)
    if not streams:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        streams = [os.open(os.devnull, os.O_RDONLY), log, log]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in set(streams):
        os.close(stream)
    os.environ.clear()
    os.environ.update(SET_BY_IMPORTS | request["env"])
    os.chdir(request["cwd"])
    threading.Thread(target=end_with, args=[client], daemon=True).start()
    status = run(request["argv"])
    client.sendall(b"%d\n" % status)
    os._exit(0)


def end_with(client):
    client.recv(1)
    os._exit(1)


def run(argv):
    """Runs a program as `python` would, and returns its exit status."""
    sys.argv = argv
    status = 0
    try:
        if argv[0].endswith(".py"):
            runpy.run_path(argv[0], run_name="__main__")
        else:
            runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or 1
    return status


preload()
delay_moto()
serve(sys.argv[1])
