from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis.strategies import floats
from pydantic import TypeAdapter
from sqlalchemy import Double, column, literal, select, values

from app.geo import EARTH_KM, Box, Latitude, Longitude, boxes, distance_km, nearby

if TYPE_CHECKING:
    from tests.app.conftest import Api

LATITUDES = floats(-90, 90)
LONGITUDES = floats(-180, 180)
RADII = floats(0, 20_100)


def distance(latitude: float, longitude: float, other: float, along: float) -> float:
    across = sin(radians(other - latitude) / 2) ** 2
    turned = sin(radians(along - longitude) / 2) ** 2
    chord = across + cos(radians(latitude)) * cos(radians(other)) * turned
    return 2 * EARTH_KM * asin(sqrt(min(1.0, chord)))


def inside(box: Box, latitude: float, longitude: float) -> bool:
    return box.south <= latitude <= box.north and box.west <= longitude <= box.east


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES, floats(0, 100))
@example(0, 180, 0, -180, 0)
@example(52, -179.99, 52, 179.99, 5)
@example(89.9, 0, 89.9, 180, 5)
@example(-90, 0, -89.9, 77, 10)
def test_a_point_within_the_radius_is_within_a_box(
    latitude: float, longitude: float, other: float, along: float, more: float
) -> None:
    radius = distance(latitude, longitude, other, along) + more
    assert any(inside(box, other, along) for box in boxes(latitude, longitude, radius))


@given(LATITUDES, LONGITUDES, RADII)
def test_boxes_stay_on_the_map_and_are_right_way_round(
    latitude: float, longitude: float, radius: float
) -> None:
    for box in boxes(latitude, longitude, radius):
        assert -90 <= box.south <= box.north <= 90
        assert -180 <= box.west <= box.east <= 180


def test_a_box_is_hardly_larger_than_its_circle() -> None:
    (box,) = boxes(30, -97, 100)
    assert distance(30, -97, box.north, -97) == pytest.approx(100, abs=0.01)
    assert distance(30, -97, 30, box.east) < 101


def test_a_circle_over_the_date_line_takes_two_boxes() -> None:
    west, east = boxes(0, 179.9, 50)
    assert (west.east, east.west) == (180, -180)
    assert boxes(0, -179.9, 50) == tuple(
        Box(b.south, -b.east, b.north, -b.west) for b in (west, east)
    )


def test_a_circle_around_a_pole_meets_every_longitude() -> None:
    for latitude in (-89.9, 89.9):
        (box,) = boxes(latitude, 12, 50)
        assert (box.west, box.east) == (-180, 180)


PLACES = (
    ("Suva", -18.14, 178.44),
    ("Apia", -13.83, -171.77),
    ("Austin", 30.27, -97.74),
    ("Dallas", 32.78, -96.80),
    ("north pole", 90.0, 0.0),
)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("latitude", "longitude", "radius", "found"),
    [
        (30.27, -97.74, 0, {"Austin"}),
        (30.27, -97.74, 280, {"Austin"}),
        (30.27, -97.74, 300, {"Austin", "Dallas"}),
        (-16, -179, 900, {"Suva", "Apia"}),
        (89.5, 100, 60, {"north pole"}),
        (0, 0, 20_100, {"Suva", "Apia", "Austin", "Dallas", "north pole"}),
    ],
)
async def test_postgresql_finds_what_is_near(
    api: Api, latitude: float, longitude: float, radius: float, found: set[str]
) -> None:
    places = values(
        column("name"), column("latitude", Double), column("longitude", Double), name="places"
    ).data(PLACES)
    c = places.c
    near = nearby(c.latitude, c.longitude, latitude, longitude, radius)
    async with api.held.engine.connect() as connection:
        assert set((await connection.scalars(select(c.name).where(near))).all()) == found


@pytest.mark.anyio
async def test_postgresql_computes_the_same_distance(api: Api) -> None:
    here = (literal(30.27, Double), literal(-97.74, Double))
    async with api.held.engine.connect() as connection:
        for there in ((32.78, -96.8), (-30.27, 82.26), (30.27, -97.74)):
            found = await connection.scalar(select(distance_km(*here, *there)))
            assert found == pytest.approx(distance(30.27, -97.74, *there), abs=1e-6)


@pytest.mark.anyio
@pytest.mark.parametrize("tiny", [5e-324, -1e-310, 1e-230, 1e-160, 1e-17])
async def test_postgresql_is_not_upset_by_tiny_numbers(api: Api, tiny: float) -> None:
    here = (literal(tiny, Double), literal(-tiny, Double))
    async with api.held.engine.connect() as connection:
        for there in ((0.0, 0.0), (-tiny, tiny)):
            near = nearby(*here, *there, 1)
            found = (await connection.execute(select(distance_km(*here, *there), near))).one()
            assert tuple(found) == (0, True)


@given(LATITUDES, LONGITUDES)
@example(5e-324, -1e-230)
def test_places_are_kept_to_the_centimetre(latitude: float, longitude: float) -> None:
    there = (
        TypeAdapter(Latitude).validate_python(latitude),
        TypeAdapter(Longitude).validate_python(longitude),
    )
    assert distance(latitude, longitude, *there) < 1e-5
    assert all(degrees == 0 or abs(degrees) > 1e-8 for degrees in there)
