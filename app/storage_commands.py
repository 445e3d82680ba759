"""Commands that prepare the object storage."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from app.settings import MisconfiguredError, load_settings
from app.storage import create_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.settings import Settings

# Where buckets are made without naming a place.
FIRST_REGION = "us-east-1"
# The bucket is there already, and ours: somebody has made it at the same time.
OURS = "BucketAlreadyOwnedByYou"
MISSING = str(HTTPStatus.NOT_FOUND.value)
NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError)
# What other servers than Amazon's answer to a setting that they do not have.
NOT_OFFERED = ("NotImplemented", "MethodNotAllowed")
VERSIONS_DAYS = 30
PARTS_DAYS = 7
LIFECYCLE = {
    "Rules": [
        {
            "ID": "petswipe-tidy",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": VERSIONS_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": PARTS_DAYS},
        }
    ]
}
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
# Single objects may be public by the policy of the bucket only, never by a list of their own.
PUBLIC_ACCESS = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}


@click.group()
def storage() -> None:
    """Prepare the object storage of pictures."""


@storage.command()
def init() -> None:
    """Create the bucket unless it is there, and set it up; doing so twice changes nothing.

    Versions are kept for 30 days, everything is encrypted, and everybody may read a picture whose
    name they know. With PET_MEDIA_BASE_URL who may read is left to whoever set that up.
    """
    settings = load_settings()
    try:
        for done in prepare_bucket(settings):
            click.echo(done)
    except ClientError as error:
        reason = f"{error.operation_name} is refused: {_code(error)}"
        raise MisconfiguredError(f"PET_STORAGE_BUCKET: {reason}") from None
    except NO_CREDENTIALS:
        reason = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role"
        raise MisconfiguredError(f"there are no AWS credentials: {reason}") from None
    except ParamValidationError:
        reason = f"{settings.storage_bucket} is no name of a bucket"
        raise MisconfiguredError(f"PET_STORAGE_BUCKET: {reason}") from None
    except BotoCoreError as error:
        # Its words name an address, and addresses may hold passwords.
        reason = f"the storage does not answer: {type(error).__name__}"
        raise MisconfiguredError(f"PET_STORAGE_ENDPOINT: {reason}") from None


def prepare_bucket(settings: Settings) -> Iterator[str]:
    """Bring the bucket into its form, step by step, and say what each has done.

    Raises what boto3 raises when the storage is away or refuses.
    """
    client, name = create_client(settings), settings.storage_bucket
    yield f"bucket {name}: {_create(client, settings)}"
    steps: list[tuple[str, Callable[..., object], dict[str, object]]] = [
        (
            "versioning enabled",
            client.put_bucket_versioning,
            {"VersioningConfiguration": {"Status": "Enabled"}},
        ),
        (
            "encryption AES256",
            client.put_bucket_encryption,
            {"ServerSideEncryptionConfiguration": ENCRYPTION},
        ),
        (
            f"lifecycle: old versions end after {VERSIONS_DAYS} days, parts after {PARTS_DAYS}",
            client.put_bucket_lifecycle_configuration,
            {"LifecycleConfiguration": LIFECYCLE},
        ),
        (
            "public lists of single objects are ignored",
            client.put_public_access_block,
            {"PublicAccessBlockConfiguration": PUBLIC_ACCESS},
        ),
    ]
    if settings.media_base_url is None:
        policy: dict[str, object] = {"Policy": _policy(name)}
        steps.append(("everybody may read objects", client.put_bucket_policy, policy))
    for what, put, given in steps:
        try:
            put(Bucket=name, **given)
        except ClientError as error:
            if settings.storage_endpoint is None or _code(error) not in NOT_OFFERED:
                raise
            yield f"not offered by this server: {what}"
        else:
            yield what


def _create(client: Any, settings: Settings) -> str:  # noqa: ANN401  # boto3 has no types
    name, region = settings.storage_bucket, settings.storage_region
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if _code(error) != MISSING:
            raise
    else:
        return "is there"
    place = {} if region == FIRST_REGION else {"LocationConstraint": region}
    try:
        client.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    except ClientError as error:
        if _code(error) != OURS:
            raise
        return "is there"
    return "created"


def _policy(bucket: str) -> str:
    statement = {
        "Sid": "ReadPictures",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
