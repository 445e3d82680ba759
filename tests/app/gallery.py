"""An API whose storage is an S3 in memory."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from PIL import Image

from app.storage import create_client
from app.storage_commands import prepare_bucket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi


@dataclass(frozen=True, slots=True)
class Gallery:
    """The application, and the bucket that it writes to."""

    api: Api
    s3: Any
    bucket: str

    def keys(self) -> set[str]:
        """List the objects."""
        return {each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]}

    def empty(self) -> bool:
        """Say whether there is none."""
        return not self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"]

    def fetch(self, key: str) -> Any:
        """Return the whole answer to a request for an object."""
        return self.s3.get_object(Bucket=self.bucket, Key=key)


@pytest.fixture
def with_storage(settings: Settings, s3: str) -> Settings:
    """Settings with a bucket that nobody has used."""
    given = {"storage_endpoint": s3, "storage_bucket": f"test-{uuid4().hex[:16]}"}
    found = type(settings).model_validate({**settings.model_dump(), **given})
    assert list(prepare_bucket(found))
    return found


@pytest.fixture
async def gallery(with_storage: Settings, open_api: OpenApi) -> AsyncIterator[Gallery]:
    async with open_api(with_storage) as api:
        yield Gallery(api, create_client(with_storage), with_storage.storage_bucket)


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """Draws a picture."""

    def draw(name: str = "JPEG", size: tuple[int, int] = (64, 32), **given: Any) -> bytes:
        file = BytesIO()
        Image.new("RGB", size, (220, 20, 20)).save(file, name, **given)
        return file.getvalue()

    return draw
