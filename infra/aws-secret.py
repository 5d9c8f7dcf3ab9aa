#!/usr/bin/env python3
"""Changes the secret of the Lambda function, without showing a value.

usage: aws-secret.py names | put NAME | replace NAME | swap NAME NAME | copy FROM TO | remove NAME | back

`put` adds a name, `replace` changes one that is there; both ask for the value, or take it from standard input. `back`
takes the last change back. Which secret, SECRET_ID says: a name or an ARN. Needs the AWS CLI, with the rights to
describe, read and write this secret.
"""

import getpass
import json
import os
import re
import subprocess
import sys
import uuid


def aws(command, *arguments, stdin=""):
    """What `aws secretsmanager` answers; a value goes in by standard input, where no list of processes shows it."""
    line = ["aws", "secretsmanager", command, "--secret-id", os.environ["SECRET_ID"], "--output", "json", *arguments]
    done = subprocess.run(line, input=stdin.encode(), stdout=subprocess.PIPE, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout or b"null")
    if command == "put-secret-value":
        sys.exit(
            "it failed, or its answer was lost: look with `names`. A ResourceExistsException says that somebody else was"
            " faster: nothing was changed, do it again"
        )
    sys.exit(f"`aws secretsmanager {command}` failed; nothing was changed")


def versions():
    """The labels of each version: none before the secret is filled, else AWSCURRENT and perhaps AWSPREVIOUS."""
    stages = aws("describe-secret").get("VersionIdsToStages") or {}
    return {version: sorted(labels) for version, labels in stages.items()}


def read(seen, label="AWSCURRENT"):
    """The secrets by name."""
    if not any(label in labels for labels in seen.values()):
        return {}
    text = aws("get-secret-value", "--version-stage", label).get("SecretString", "")
    try:
        secrets = json.loads(text)
    except ValueError:
        secrets = None
    if not isinstance(secrets, dict) or not all(isinstance(value, str) for value in secrets.values()):
        sys.exit("the secret is not a JSON object of texts; mend it in the console")
    return secrets


def write(secrets, seen):
    """A version has its id from those that it follows, and AWS refuses a second one of the same id: of two who change
    the same version, the slower one."""
    token = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(seen, sort_keys=True)))
    aws(
        "put-secret-value", "--client-request-token", token, "--secret-string", "file:///dev/stdin",
        stdin=json.dumps(secrets),
    )
    show(secrets)


def show(secrets):
    print("\n".join(sorted(map(shown, secrets))) or "the secret is empty")


def is_name(text):
    """The service's own rule: nothing that may be a value, or a piece of one."""
    return re.fullmatch("[A-Z][A-Z0-9_]*", text) and not re.search("[0-9A-F]{16}", text)


def shown(name):
    return name if is_name(name) else "…"


def take(secrets, name):
    if name not in secrets:
        sys.exit(f"the secret has no {shown(name)}; nothing was changed")
    return secrets[name]


def check_name(name):
    if not is_name(name):
        sys.exit("a name has capital letters, digits and underscores, and is never the value; nothing was changed")


def ask(name):
    try:
        value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.buffer.read().decode()
        value.encode()
    except (EOFError, KeyboardInterrupt):
        value = ""
    except UnicodeError:
        sys.exit(f"the value of {name} is not UTF-8; nothing was changed")
    # The end of a line, as editors and `openssl rand` write it.
    value = value.removesuffix("\n").removesuffix("\r")
    wrong = fault(name, value)
    if wrong:
        sys.exit(f"the value of {name} {wrong}; nothing was changed")
    return value


def fault(name, value):
    """What is wrong with a value, as the service sees it."""
    if not value:
        return "is empty"
    if value != value.strip():
        return "begins or ends with a blank"
    if "CERTIFICATE" in name and not re.fullmatch("[0-9a-fA-F]{32}", value):
        return "must have 32 hexadecimal characters"
    if name.startswith("HALLPASS_KEY_") and len(value.encode()) < 32:
        return "must have at least 32 bytes"
    return None


def names():
    show(read(versions()))


def store(name, is_there):
    check_name(name)
    value, seen = ask(name), versions()
    secrets = read(seen)
    if is_there:
        take(secrets, name)
    elif name in secrets:
        sys.exit(f"the secret has a {name}: `replace` changes it; nothing was changed")
    write({**secrets, name: value}, seen)


def swap(one, other):
    seen = versions()
    secrets = read(seen)
    write({**secrets, one: take(secrets, other), other: take(secrets, one)}, seen)


def copy(source, to):
    check_name(to)
    seen = versions()
    secrets = read(seen)
    write({**secrets, to: take(secrets, source)}, seen)


def remove(name):
    seen = versions()
    secrets = read(seen)
    take(secrets, name)
    del secrets[name]
    write(secrets, seen)


def back():
    seen = versions()
    before = read(seen, "AWSPREVIOUS")
    if not before:
        sys.exit("there is no version before this one; nothing was changed")
    write(before, seen)


COMMANDS = {
    ("names", 0): names,
    ("put", 1): lambda name: store(name, is_there=False),
    ("replace", 1): lambda name: store(name, is_there=True),
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
