"""A baseline in S3, or in what speaks like it.

Credentials come from the environment only (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if they
are temporary, AWS_SESSION_TOKEN), so that a run never takes those of whoever uses the machine. So
do the region (AWS_REGION) and another endpoint (AWS_ENDPOINT_URL_S3).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loadtests.errors import InvalidRun, MisuseError

SCHEME = "s3://"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 3
ABSENT = {"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "404"}
# S3's words for "there is one already": after and during another write.
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
# What somebody has to set right, and no second attempt would.
REFUSED = range(400, 500)
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class S3Place:
    """An object, or with `version` what it was then, if the bucket keeps versions."""

    bucket: str
    key: str
    version: str | None

    @classmethod
    def parse(cls, text: str) -> S3Place:
        """Read s3://bucket/key or s3://bucket/key?versionId=…; raises MisuseError for another."""
        parts = urlsplit(text)
        key, query = parts.path.removeprefix("/"), parse_qs(parts.query)
        wrong = parts.fragment or set(query) - {"versionId"}
        if not BUCKET.fullmatch(parts.netloc) or not key or wrong:
            raise MisuseError(
                f"{text} is no object; s3://bucket/key or s3://bucket/key?versionId=…"
            )
        return cls(parts.netloc, key, query["versionId"][0] if query else None)

    def __str__(self) -> str:
        """Write it as it is given."""
        pinned = f"?versionId={self.version}" if self.version else ""
        return f"{SCHEME}{self.bucket}/{self.key}{pinned}"

    def there(self) -> bool:
        """Tell whether there is an object; raises as `read` does when that cannot be told."""
        try:
            _client().head_object(Bucket=self.bucket, Key=self.key)
        except (BotoCoreError, ClientError) as error:
            # A bucket that is not there answers the same; writing will say so.
            if isinstance(error, ClientError) and _status(error) == NOT_FOUND:
                return False
            self._refuse(error, "read")
        return True

    def read(self, most: int) -> bytes:
        """Return so many bytes at most.

        Raises MisuseError when it is absent or refused, InvalidRun when S3 does not answer.
        """
        pinned = {"VersionId": self.version} if self.version else {}
        try:
            answer = _client().get_object(Bucket=self.bucket, Key=self.key, **pinned)
            with answer["Body"] as body:
                raw = bytes(body.read(most))
        except (BotoCoreError, ClientError) as error:
            self._refuse(error, "read")
        # Of a part that was asked for, boto3 does not tell that it broke off.
        if len(raw) < min(most, answer.get("ContentLength", 0)):
            raise InvalidRun(f"the baseline {self} cannot be read: its answer broke off")
        return raw

    def write(self, content: bytes, *, replace: bool) -> str:
        """Put the object and return its place, with its version where the bucket keeps them.

        Without `replace` S3 itself refuses when there is one: FileExistsError. Raises as `read`
        does for all else.
        """
        if self.version:
            raise MisuseError(f"{self} is a version that was; versions cannot be written")
        condition = {} if replace else {"IfNoneMatch": "*"}
        try:
            answer = _client().put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=content,
                ContentType="application/json",
                **condition,
            )
        except (BotoCoreError, ClientError) as error:
            self._refuse(error, "written")
        version = answer.get("VersionId")
        return str(S3Place(self.bucket, self.key, None if version == "null" else version))

    def _refuse(self, error: BotoCoreError | ClientError, done: str) -> NoReturn:
        """Raise in our words; those of boto3 may hold addresses and keys."""
        if not isinstance(error, ClientError):
            told = f"the baseline {self} cannot be {done}: {type(error).__name__}"
            raise InvalidRun(told) from None
        code = str(error.response.get("Error", {}).get("Code", "refused"))
        if code in TAKEN:
            raise FileExistsError from None
        if code in ABSENT:
            raise MisuseError(f"there is no baseline {self} ({code}); record one") from None
        told = f"the baseline {self} cannot be {done}: {code}"
        raise (MisuseError if _status(error) in REFUSED else InvalidRun)(told) from None


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _client() -> Any:  # noqa: ANN401  # boto3 has no types
    key, secret = (os.environ.get(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    if not key or not secret:
        raise MisuseError(
            "a baseline in S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
        )
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return boto3.Session(key, secret, os.environ.get("AWS_SESSION_TOKEN") or None).client(
        "s3",
        os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # Nobody resolves `bucket.minio`.
            s3={"addressing_style": "path" if endpoint else "virtual"},
        ),
    )
