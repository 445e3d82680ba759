"""What an adopter may do, and the statuses with which our service answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from redis import Redis

from app.telemetry.catalog import LOG_OUT, PREFERENCES_WRITE
from tests.loadtests.bench.peers.limits import IP_LIMIT, USER_LIMIT
from tests.loadtests.bench.peers.scenes import Scene, sign_up

if TYPE_CHECKING:
    from collections.abc import Callable

FAR = {"latitude": -50.0, "longitude": 70.0}


def a_like(scene: Scene) -> None:
    scene.swipe(scene.pet(), notes="What ears! ❤")


def a_pass(scene: Scene) -> None:
    scene.swipe(scene.pet(), liked=False)


def a_like_of_a_pet_that_matches_by_itself(scene: Scene) -> None:
    scene.swipe(scene.pet(auto_match=True))


def a_pass_of_a_pet_that_matches_by_itself(scene: Scene) -> None:
    scene.swipe(scene.pet(auto_match=True), liked=False)


def _answer(scene: Scene, pet: str, *, interested: bool) -> None:
    path = f"/api/pets/{pet}/admirers/{scene.adopter.user_id}"
    scene.as_owner("PUT", path, json={"interested": interested})


def a_like_for_which_the_owner_waits(scene: Scene) -> None:
    pet = scene.pet()
    _answer(scene, pet, interested=True)
    scene.swipe(pet)


def a_like_that_the_owner_has_refused(scene: Scene) -> None:
    pet = scene.pet(auto_match=True)
    _answer(scene, pet, interested=False)
    scene.swipe(pet)


def a_like_that_the_owner_answers_later(scene: Scene) -> None:
    pet = scene.pet()
    scene.swipe(pet)
    _answer(scene, pet, interested=True)
    scene.swipe(pet)


def the_same_again(scene: Scene) -> None:
    pet, match = scene.pet(), scene.pet(auto_match=True)
    scene.swipe(pet, liked=False, notes="First")
    scene.swipe(pet, liked=False, notes="Second")
    scene.swipe(match)
    scene.swipe(match)


def another_decision(scene: Scene) -> None:
    pet = scene.pet()
    scene.swipe(pet)
    scene.swipe(pet, liked=False)


def a_pet_of_ones_own(scene: Scene) -> None:
    body = {"pet_id": scene.pet(), "liked": True}
    scene.send(body, scene.owner.token)


def a_pet_that_nobody_knows(scene: Scene) -> None:
    scene.swipe(str(uuid4()))


def a_pet_that_has_gone(scene: Scene) -> None:
    seen, unseen = scene.pet(), scene.pet()
    scene.swipe(seen)
    scene.as_owner("PATCH", f"/api/pets/{seen}", json={"is_available": False})
    scene.as_owner("DELETE", f"/api/pets/{unseen}")
    scene.swipe(seen)
    scene.swipe(unseen)


def bodies_that_make_no_sense(scene: Scene) -> None:
    pet = scene.pet()
    scene.send({"pet_id": pet})
    scene.send({"pet_id": pet, "liked": None})
    scene.send({"pet_id": "Rex", "liked": True})
    scene.send({"pet_id": pet, "liked": True, "notes": "x" * 501})
    scene.send({"pet_id": pet, "liked": True, "notes": "a\0b"})
    scene.send([pet, True])


def the_longest_notes(scene: Scene) -> None:
    scene.swipe(scene.pet(), notes="x" * 500)


def nobody(scene: Scene) -> None:
    body = {"pet_id": scene.pet(), "liked": True}
    scene.send(body, token="")


def a_token_that_was_changed(scene: Scene) -> None:
    body = {"pet_id": scene.pet(), "liked": True}
    head, claims, signature = scene.adopter.token.split(".")
    scene.send(body, token=f"{head}.{claims}.{signature[::-1]}")


def a_session_that_has_ended(scene: Scene) -> None:
    pet = scene.pet()
    scene.swipe(pet)
    scene.as_adopter(LOG_OUT.method, LOG_OUT.template)
    scene.swipe(pet)
    _forget_sessions(scene)
    scene.swipe(pet)


def a_session_that_only_the_database_knows(scene: Scene) -> None:
    pet = scene.pet()
    _forget_sessions(scene)
    scene.swipe(pet)
    scene.swipe(pet)


def _forget_sessions(scene: Scene) -> None:
    with Redis.from_url(str(scene.settings.cache_url)) as cache:
        cache.delete(*cache.keys("session:*"), "session:none")


def one_too_many_of_somebody(scene: Scene) -> None:
    pet = scene.pet()
    for _ in range(USER_LIMIT + 1):
        scene.swipe(pet)


def one_too_many_from_an_address(scene: Scene) -> None:
    pet = scene.pet()
    body = {"pet_id": pet, "liked": True}
    for _ in range(USER_LIMIT):
        scene.send(body)
    other = sign_up(scene.settings, scene.ours)
    for _ in range(IP_LIMIT - USER_LIMIT + 1):
        scene.send(body, other.token)


def a_deck(scene: Scene) -> None:
    wish = {"pet_type": "bird", "age_months_min": 10, "age_months_max": 20, "radius_km": 50}
    scene.as_adopter("PUT", PREFERENCES_WRITE.template, json={**wish, **FAR})
    birds = [scene.pet(pet_type="bird", **FAR) for _ in range(3)]
    scene.pet(pet_type="bird", latitude=-50.0, longitude=71.0)
    scene.pet(pet_type="bird", age_months=21, **FAR)
    scene.pet(pet_type="dog", **FAR)
    scene.deck()
    scene.deck()
    for bird in birds:
        scene.swipe(bird, liked=False)
        scene.deck()
    for bird in birds:
        scene.as_owner("DELETE", f"/api/pets/{bird}")


STATUSES: dict[Callable[[Scene], None], list[int]] = {
    a_like: [201],
    a_pass: [201],
    a_like_of_a_pet_that_matches_by_itself: [201],
    a_pass_of_a_pet_that_matches_by_itself: [201],
    a_like_for_which_the_owner_waits: [201],
    a_like_that_the_owner_has_refused: [201],
    a_like_that_the_owner_answers_later: [201, 200],
    the_same_again: [201, 200, 201, 200],
    another_decision: [201, 409],
    a_pet_of_ones_own: [409],
    a_pet_that_nobody_knows: [404],
    a_pet_that_has_gone: [201, 200, 404],
    bodies_that_make_no_sense: [422] * 6,
    the_longest_notes: [201],
    nobody: [401],
    a_token_that_was_changed: [401],
    a_session_that_has_ended: [201, 401, 401],
    a_session_that_only_the_database_knows: [201, 200],
    one_too_many_of_somebody: [201] + [200] * (USER_LIMIT - 1) + [429],
    one_too_many_from_an_address: [
        *([201] + [200] * (USER_LIMIT - 1)),
        *([201] + [200] * (IP_LIMIT - USER_LIMIT - 1)),
        429,
    ],
    a_deck: [200, 200, 201, 200, 201, 200, 201, 200],
}
