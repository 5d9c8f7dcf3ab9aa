"""Creates a secret in the Secrets Manager that the environment variables select.

    python secret.py NAME SECRET
"""
import sys

import boto3

name, secret = sys.argv[1:]
boto3.client("secretsmanager").create_secret(Name=name, SecretString=secret)
