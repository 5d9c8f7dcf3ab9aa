#!/usr/bin/env python3
"""Changes the secret of the Lambda function without printing a value.

usage: aws-secret.py names | put NAME | replace NAME | swap NAME NAME | copy FROM TO | remove NAME | back

  names         lists the names in the secret
  put NAME      adds a name and its value
  replace NAME  changes the value of an existing name
  swap A B      exchanges the values of two names
  copy A B      copies the value of A to B
  remove NAME   removes a name and its value
  back          undoes the last change

`put` and `replace` prompt for the value, or read it from standard input. Set SECRET_ID to the name or ARN of the
secret. The AWS CLI must be installed and be allowed to describe, read and write this secret. Its setting `cli_history`
must not be enabled, because the AWS CLI would store the values in a file.
"""

import getpass
import json
import os
import re
import subprocess
import sys
import uuid


def fail(message):
    sys.exit(f"error: {message}. Nothing was changed.")


def aws(command, *arguments, stdin=""):
    """Runs `aws secretsmanager` and returns its output. Secrets are passed through standard input, because a list of
    processes shows arguments."""
    line = ["aws", "secretsmanager", command, "--secret-id", os.environ["SECRET_ID"], "--output", "json", *arguments]
    result = subprocess.run(line, input=stdin.encode(), stdout=subprocess.PIPE, check=False)
    if result.returncode == 0:
        return json.loads(result.stdout or b"null")
    if command == "put-secret-value":
        sys.exit(
            "error: the change failed, or its response was lost. Run `aws-secret.py names` to check. If the error is"
            " ResourceExistsException, another change was made at the same time and yours was not applied: run the"
            " command again."
        )
    fail(f"`aws secretsmanager {command}` failed")


def check_history():
    """Fails if the AWS CLI records its calls, because a record contains the values of the secret. `aws configure get`
    reads the same profile and the same file as the other commands."""
    line = ["aws", "configure", "get", "cli_history"]
    result = subprocess.run(line, stdout=subprocess.PIPE, check=False)
    if result.stdout.strip() == b"enabled":
        fail(
            "`cli_history` is enabled in the configuration of the AWS CLI, which would store every value of the secret"
            " in ~/.aws/cli/history/history.db. Run `aws configure set cli_history disabled`, and delete this file if"
            " it contains values from earlier calls"
        )


def read_versions():
    """Returns the staging labels of each version: AWSCURRENT, and AWSPREVIOUS after a change. Without a value, the
    secret has no versions."""
    stages = aws("describe-secret").get("VersionIdsToStages") or {}
    return {version: sorted(labels) for version, labels in stages.items()}


def read_secrets(versions, label="AWSCURRENT"):
    """Returns the names and values of the version with this label."""
    if not any(label in labels for labels in versions.values()):
        return {}
    string = aws("get-secret-value", "--version-stage", label).get("SecretString", "")
    try:
        secrets = json.loads(string)
    except ValueError:
        secrets = None
    if not isinstance(secrets, dict) or not all(isinstance(value, str) for value in secrets.values()):
        fail("the secret is not a JSON object of strings. Correct it in the AWS console")
    return secrets


def write_secrets(secrets, versions):
    """Writes a new version. Its ID is derived from the existing versions, and AWS rejects a duplicate ID. Of two
    changes to the same version, the second one therefore fails."""
    token = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(versions, sort_keys=True)))
    aws(
        "put-secret-value", "--client-request-token", token, "--secret-string", "file:///dev/stdin",
        stdin=json.dumps(secrets),
    )
    print_names(secrets)


def print_names(secrets):
    print("\n".join(sorted(map(redacted, secrets))) or "the secret is empty")


def is_name(string):
    """Returns whether a string is a name and not a value or a part of one. The service has the same rule."""
    return re.fullmatch("[A-Z][A-Z0-9_]*", string) and not re.search("[0-9A-F]{16}", string)


def redacted(name):
    return name if is_name(name) else "…"


def require(secrets, name):
    if name not in secrets:
        fail(f"{redacted(name)} is not in the secret")
    return secrets[name]


def check_name(name):
    if not is_name(name):
        fail("a name consists of capital letters, digits and underscores. Do not pass the value as the name")


def read_value(name):
    try:
        value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.buffer.read().decode()
        value.encode()
    except (EOFError, KeyboardInterrupt):
        value = ""
    except UnicodeError:
        fail(f"the value of {name} is not UTF-8")
    # Editors and `openssl rand` add a newline.
    value = value.removesuffix("\n").removesuffix("\r")
    problem = find_problem(name, value)
    if problem:
        fail(f"the value of {name} {problem}")
    return value


def find_problem(name, value):
    """Returns a description of an invalid value, or None. The service has the same rules."""
    if not value:
        return "is empty"
    if value != value.strip():
        return "begins or ends with whitespace"
    if "CERTIFICATE" in name and not re.fullmatch("[0-9a-fA-F]{32}", value):
        return "must have 32 hexadecimal characters"
    if name.startswith("HALLPASS_KEY_") and len(value.encode()) < 32:
        return "must have at least 32 bytes"
    return None


def names():
    print_names(read_secrets(read_versions()))


def store(name, is_replacement):
    check_name(name)
    value, versions = read_value(name), read_versions()
    secrets = read_secrets(versions)
    if is_replacement:
        require(secrets, name)
    elif name in secrets:
        fail(f"the secret already has {name}. To change its value, use `replace`")
    write_secrets({**secrets, name: value}, versions)


def swap(first, second):
    versions = read_versions()
    secrets = read_secrets(versions)
    write_secrets({**secrets, first: require(secrets, second), second: require(secrets, first)}, versions)


def copy(source, target):
    check_name(target)
    versions = read_versions()
    secrets = read_secrets(versions)
    write_secrets({**secrets, target: require(secrets, source)}, versions)


def remove(name):
    versions = read_versions()
    secrets = read_secrets(versions)
    require(secrets, name)
    del secrets[name]
    write_secrets(secrets, versions)


def back():
    versions = read_versions()
    previous = read_secrets(versions, "AWSPREVIOUS")
    if not previous:
        fail("the secret has no previous version")
    write_secrets(previous, versions)


COMMANDS = {
    ("names", 0): names,
    ("put", 1): lambda name: store(name, is_replacement=False),
    ("replace", 1): lambda name: store(name, is_replacement=True),
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
        sys.exit("error: SECRET_ID is not set. Set it to the name or ARN of the secret.")
    check_history()
    run(*arguments)


if __name__ == "__main__":
    main()
