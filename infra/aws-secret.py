#!/usr/bin/env python3
"""Changes the secret of the Lambda function, without showing a value.

usage: aws-secret.py names | put NAME | swap NAME NAME | copy FROM TO | remove NAME | back

`put` asks for the value, or takes it from standard input. `back` takes the last change back. Which secret,
SECRET_ID says: a name or an ARN. Needs the AWS CLI, with the rights to describe, read and write this secret.
"""

import getpass
import json
import os
import subprocess
import sys


def aws(command, *arguments, stdin=None):
    """What `aws secretsmanager` answers; a value goes in by standard input, where no list of processes shows it."""
    line = ["aws", "secretsmanager", command, "--secret-id", os.environ["SECRET_ID"], "--output", "json", *arguments]
    done = subprocess.run(line, input=stdin, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"`aws secretsmanager {command}` failed; nothing was changed by it")
    return json.loads(done.stdout or "null")


def labels():
    """Which versions there are: none before the secret is filled, else AWSCURRENT and perhaps AWSPREVIOUS."""
    stages = aws("describe-secret").get("VersionIdsToStages") or {}
    return {label for labels in stages.values() for label in labels}


def read(label="AWSCURRENT"):
    """The secrets by name."""
    text = aws("get-secret-value", "--version-stage", label).get("SecretString", "")
    try:
        secrets = json.loads(text)
    except ValueError:
        secrets = None
    if not isinstance(secrets, dict) or not all(isinstance(value, str) for value in secrets.values()):
        sys.exit("the secret is not a JSON object of texts; mend it in the console")
    return secrets


def read_or_none():
    return read() if "AWSCURRENT" in labels() else {}


def write(secrets):
    aws("put-secret-value", "--secret-string", "file:///dev/stdin", stdin=json.dumps(secrets))
    names(secrets)


def names(secrets):
    print("\n".join(sorted(secrets)) or "the secret is empty")


def take(secrets, name):
    if name not in secrets:
        sys.exit(f"the secret has no {name}")
    return secrets[name]


def ask(name):
    try:
        value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read()
    except (EOFError, KeyboardInterrupt):
        value = ""
    if not value.strip():
        sys.exit("no value was given; nothing was changed")
    return value.strip()


def back():
    if "AWSPREVIOUS" not in labels():
        sys.exit("there is no version before this one")
    write(read("AWSPREVIOUS"))


def swap(one, other):
    secrets = read()
    write({**secrets, one: take(secrets, other), other: take(secrets, one)})


def copy(source, to):
    secrets = read()
    write({**secrets, to: take(secrets, source)})


def remove(name):
    secrets = read()
    take(secrets, name)
    del secrets[name]
    write(secrets)


COMMANDS = {
    ("names", 0): lambda: names(read_or_none()),
    ("put", 1): lambda name: write({**read_or_none(), name: ask(name)}),
    ("swap", 2): swap,
    ("copy", 2): copy,
    ("remove", 1): remove,
    ("back", 0): back,
}


def main():
    command, *arguments = sys.argv[1:] or [""]
    run = COMMANDS.get((command, len(arguments)))
    if run is None:
        sys.exit(__doc__)
    if "SECRET_ID" not in os.environ:
        sys.exit("set SECRET_ID to the name or ARN of the secret")
    run(*arguments)


if __name__ == "__main__":
    main()
