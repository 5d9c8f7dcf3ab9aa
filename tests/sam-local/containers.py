"""Prints what containers have logged, or removes them: containers.py logs|remove ID...

The library and its settings (DOCKER_HOST and others) are those of SAM CLI. A container that does not exist is skipped.
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
