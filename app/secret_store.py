"""Secrets from AWS Secrets Manager: one secret, a JSON object with a setting a key."""

from __future__ import annotations

import json

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CONNECT_SECONDS = 2
READ_SECONDS = 5
TRIES = 3
# Where the region stands in arn:aws:secretsmanager:eu-central-1:123456789012:secret:name.
REGION = 3


class SecretsError(Exception):
    """The secret cannot be had; the text is one sentence without any of it."""


def read_secrets(arn: str) -> dict[str, str]:
    """Read the secret; its keys come as they are, numbers as text.

    Raises SecretsError. AWS_ENDPOINT_URL_SECRETS_MANAGER leads to another server than AWS.
    """
    try:
        text = _fetch(arn)
    except ClientError as error:
        # Its own words repeat the name of the secret, which may be somebody's secret by mistake.
        code = error.response.get("Error", {}).get("Code", "an error")
        raise SecretsError(f"AWS Secrets Manager refuses to read it: {code}") from None
    except (BotoCoreError, ValueError) as error:
        raise SecretsError(f"AWS Secrets Manager cannot be asked: {type(error).__name__}") from None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SecretsError('the secret must be a JSON object, like {"SMTP_URL": "…"}')
    wrong = next((key for key, value in found.items() if not isinstance(value, str | int)), None)
    if wrong is not None:
        raise SecretsError(f"the value of {wrong} in the secret must be a text")
    return {key: str(value) for key, value in found.items()}


def _fetch(arn: str) -> str:
    parts = arn.split(":")
    client = boto3.client(
        "secretsmanager",
        # A plain name is looked up where AWS_DEFAULT_REGION says.
        region_name=parts[REGION] if len(parts) > REGION else None,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
        ),
    )
    try:
        return str(client.get_secret_value(SecretId=arn).get("SecretString", ""))
    finally:
        client.close()
