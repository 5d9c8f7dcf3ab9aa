"""Has the fork server run a program with this process's arguments, environment, folder, and standard streams.

    HALLPASS_FORK_SERVER=SOCKET python -IS fork_client.py MODULE ARGUMENT…
"""
import json
import os
import socket
import sys

request = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}
server = socket.socket(socket.AF_UNIX)
server.connect(os.environ["HALLPASS_FORK_SERVER"])
line = json.dumps(request).encode() + b"\n"
sent = socket.send_fds(server, [line], [0, 1, 2])
server.sendall(line[sent:])
with server.makefile() as response:
    sys.exit(int(response.readline() or 1))
