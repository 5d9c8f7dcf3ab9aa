"""Prints the logs of containers, or removes the containers.

usage: containers.py logs|remove ID...

Uses the same library and settings as the SAM CLI, such as DOCKER_HOST. Skips containers that do not exist.
"""

import sys

import docker

verb, *names = sys.argv[1:]
client = docker.from_env()
for name in names:
    try:
        container = client.containers.get(name)
        if verb == "logs":
            sys.stdout.buffer.write(container.logs())
        else:
            container.remove(force=True)
    except docker.errors.NotFound:
        pass
