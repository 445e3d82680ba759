"""Tokens, companions and newcomers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import DECK_READ, LOG_IN, SIGN_UP
from loadtests.scenarios.model import Reply, call
from loadtests.scenarios.people import DOMAIN, RENEWED, bring, join, log_in, signed_in, through
from tests.loadtests.scenarios.following import TOKEN, answering, follow, somebody

if TYPE_CHECKING:
    from loadtests.scenarios.model import Call, Person, Script


def test_a_token_is_renewed_before_it_ends_and_not_by_all_at_once() -> None:
    people = [somebody("a@b.example", n) for n in range(200)]
    for person in people:
        assert len(follow(log_in(person), answering(0, TOKEN))) == 1
        assert follow(log_in(person), answering(0, TOKEN)) == []
    moments = [person.fresh_until for person in people]
    assert max(moments) - min(moments) > 3600 * (RENEWED[1] - RENEWED[0]) * 0.9
    ended = b'{"access_token": "t", "expires_in": 0}'
    for person in people:
        person.fresh_until = 0.0
        assert len(follow(log_in(person), answering(0, ended))) == 1
        assert [what.route for what in follow(log_in(person), answering(0, TOKEN))] == [LOG_IN]


def test_who_is_refused_logs_in_again_at_the_next_act() -> None:
    def act(_: Person) -> Script:
        yield call(DECK_READ)
        yield call(DECK_READ)

    person = somebody("a@b.example")
    acting = signed_in(log_in, act)
    follow(log_in(person), answering(0, TOKEN))
    assert [what.route for what in follow(acting(person), answering(401))] == [DECK_READ]
    calls = follow(acting(person), answering(0, TOKEN))
    assert [what.route for what in calls] == [LOG_IN, DECK_READ, DECK_READ]


def test_a_refused_companion_loses_their_own_token_and_nobody_elses() -> None:
    person = somebody("a@b.example")
    person.token, bring(person).token = "own", "theirs"
    person.fresh_until = bring(person).fresh_until = float("inf")
    sent = []

    def act(person: Person) -> Script:
        yield from through(person, bring(person), call(DECK_READ))

    def refuse(what: Call) -> Reply:
        sent.append(person.token)
        return Reply(what.route, 401)

    follow(signed_in(log_in, act)(person), refuse)
    assert sent == ["theirs"]
    assert person.token == "own"
    assert bring(person).token == ""


def test_newcomers_are_unique_and_one_whose_account_is_gone_signs_up_again() -> None:
    people = [somebody(number=n) for n in range(100)]
    # As in another run on the same service, which numbers its people alike.
    people += [somebody(number=n, seed="other") for n in range(100)]
    for person in people:
        calls = follow(join(person), answering(0, TOKEN))
        assert [what.route for what in calls] == [SIGN_UP, LOG_IN]
    assert len({person.email for person in people}) == len(people)
    assert all(person.email.endswith(DOMAIN) for person in people)
    gone = people[0]
    gone.token = ""
    assert [what.route for what in follow(join(gone), answering(401))] == [LOG_IN, SIGN_UP]
    assert [what.route for what in follow(join(gone), answering(0, TOKEN))] == [SIGN_UP, LOG_IN]


def test_an_account_that_was_given_is_kept_however_often_it_is_refused() -> None:
    person = somebody("adopter@adopters.example")
    follow(log_in(person), answering(401))
    assert person.email == "adopter@adopters.example"
