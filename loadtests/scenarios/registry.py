"""Every scenario there is, by its name."""

from __future__ import annotations

from loadtests.scenarios.browse import BROWSE
from loadtests.scenarios.household import HOUSEHOLD
from loadtests.scenarios.shelter_day import SHELTER_DAY
from loadtests.scenarios.signup_wave import SIGNUP_WAVE
from loadtests.scenarios.swipe_hot_path import SWIPE_HOT_PATH
from loadtests.scenarios.upload import UPLOAD_PICTURES

SCENARIOS = {
    scenario.name: scenario
    for scenario in (SWIPE_HOT_PATH, BROWSE, SHELTER_DAY, SIGNUP_WAVE, UPLOAD_PICTURES, HOUSEHOLD)
}
