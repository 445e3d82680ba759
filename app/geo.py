"""Places near a point: boxes that a GiST index on `point(longitude, latitude)` finds; distances.

All positions are in degrees, all distances great circles in kilometres.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import Double, func, literal, or_

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

EARTH_KM = 6371.0088
# Two thirds of a metre: rounding keeps nobody out of a box, and the distance decides anyway.
SLACK_RADIANS = 1e-7
# A centimetre. PostgreSQL refuses to multiply numbers as small as clients can write them, in its
# GiST index as well.
DECIMALS = 7


def _round(degrees_given: float) -> float:
    return round(degrees_given, DECIMALS)


Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), AfterValidator(_round)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), AfterValidator(_round)]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map with west ≤ east; what crosses the date line takes two."""

    south: float
    west: float
    north: float
    east: float


def boxes(latitude: float, longitude: float, radius_km: float) -> tuple[Box, ...]:
    """Cover a circle with one box, or two where it crosses the date line."""
    angle = radius_km / EARTH_KM + SLACK_RADIANS
    south = max(latitude - degrees(angle), -90.0)
    north = min(latitude + degrees(angle), 90.0)
    if angle >= pi / 2 or south == -90.0 or north == 90.0:
        # A circle around a pole meets every longitude.
        return (Box(south, -180.0, north, 180.0),)
    width = degrees(asin(min(sin(angle) / cos(radians(latitude)), 1.0)))
    west, east = longitude - width, longitude + width
    if west < -180.0:
        return (Box(south, -180.0, north, east), Box(south, west + 360.0, north, 180.0))
    if east > 180.0:
        return (Box(south, west, north, 180.0), Box(south, -180.0, north, east - 360.0))
    return (Box(south, west, north, east),)


def distance_km(
    latitude_column: ColumnElement[float],
    longitude_column: ColumnElement[float],
    latitude: float,
    longitude: float,
) -> ColumnElement[float]:
    """Compute how far a row's place is from a point, by the haversine formula."""
    across = func.sin(_radians(latitude_column - _number(latitude)) / 2)
    along = func.sin(_radians(longitude_column - _number(longitude)) / 2)
    shrink = func.cos(_radians(latitude_column)) * _number(cos(radians(latitude)))
    half_chord = across * across + shrink * along * along
    # Rounding may lift the chord of opposite points over 1, of which asin knows nothing.
    return _number(2 * EARTH_KM) * func.asin(func.sqrt(func.least(_number(1.0), half_chord)))


def nearby(
    latitude_column: ColumnElement[float],
    longitude_column: ColumnElement[float],
    latitude: float,
    longitude: float,
    radius_km: float,
) -> ColumnElement[bool]:
    """Select the rows within a radius: the boxes for the index, then the distance itself."""
    place = func.point(longitude_column, latitude_column)
    inside = (
        place.bool_op("<@")(func.box(_point(box.west, box.south), _point(box.east, box.north)))
        for box in boxes(latitude, longitude, radius_km)
    )
    away = distance_km(latitude_column, longitude_column, latitude, longitude)
    return or_(*inside) & (away <= _number(radius_km))


def _radians(angle: ColumnElement[float]) -> ColumnElement[float]:
    # Out and back over 1 makes 0 of what is too small to be squared.
    return func.radians(angle + _number(1.0) - _number(1.0))


def _point(longitude: float, latitude: float) -> ColumnElement[object]:
    return func.point(_number(longitude), _number(latitude))


def _number(value: float) -> ColumnElement[float]:
    return literal(value, Double)
